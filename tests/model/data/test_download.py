"""Images by address: only the right ones are kept, servers get pauses, and nothing is asked twice."""

from __future__ import annotations

import hashlib
import http.server
import threading
import time

import numpy as np
import pytest

from model.data.datasets.parquet import ImageFolder
from model.data.download import FAILED, IMAGES, Download, Wanted, main, read_wanted
from model.evaluation.standins import png, write_parquet
from molmo_act.errors import ImageError, InputError

IMAGE = png(np.zeros((4, 4, 3), np.uint8))
OTHER = png(np.ones((4, 4, 3), np.uint8))
SHA = hashlib.sha256(IMAGE).hexdigest()


@pytest.fixture
def server():
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status = {"/gone.png": 404, "/busy.png": 429}.get(self.path, 200)
            self.send_response(status)
            self.end_headers()
            if status == 200:
                self.wfile.write(OTHER if self.path == "/changed.png" else IMAGE)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()
        thread.join()


def rows(base: str, *names: str) -> list[dict[str, object]]:
    return [{"image_url": f"{base}/{name}", "image_sha256": SHA, "label": name} for name in names]


def test_coverage_is_said_and_nothing_is_asked_twice(server, tmp_path, capsys):
    base, asked = server
    names = ("a.png", "gone.png", "changed.png", "a.png", "busy.png", "b.png")
    write_parquet(tmp_path / "data" / "test-0.parquet", rows(base, *names))
    words = ["pixmo-points-eval", "--data", str(tmp_path), "--pause", "0"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "2 of 6 rows have their image (33 %)" in said
    assert "image has changed since it was annotated: 1" in said
    assert "address does not answer: 1" in said
    assert "server asks for patience: 2" in said, "b.png is on the server that asked for patience"
    folder = tmp_path / IMAGES
    assert ImageFolder(folder).path(f"{base}/a.png").read_bytes() == IMAGE
    assert not ImageFolder(folder).path(f"{base}/changed.png").exists()
    with (folder / FAILED).open("a") as file:
        file.write('{"url": "half')  # as a killed run leaves it
    asked.clear()
    assert main(words) == 0
    assert asked == ["/busy.png"]
    asked.clear()
    assert main([*words, "--again"]) == 0
    assert asked == ["/gone.png", "/changed.png", "/busy.png"]


def test_a_file_that_was_damaged_is_fetched_anew(server, tmp_path):
    base, asked = server
    one = Wanted(f"{base}/a.png", SHA)
    download = Download(tmp_path, pause=0)
    download.run([one])
    ImageFolder(tmp_path).path(one.url).write_bytes(IMAGE[:20])
    download.run([one])
    assert asked == ["/a.png", "/a.png"]
    assert download.has(one)


def test_a_server_gets_its_pause_and_another_one_does_not_wait(tmp_path):
    times = []

    def fetch(url, timeout):
        times.append((url, time.monotonic()))
        return IMAGE

    urls = ["http://one/a", "http://one/b", "http://two/a"]
    Download(tmp_path, pause=0.3, fetch=fetch).run([Wanted(url, SHA) for url in urls])
    assert times[1][1] - times[0][1] >= 0.29
    assert times[2][1] - times[1][1] < 0.29


def test_rows_without_a_checksum_need_an_image(tmp_path):
    contents = {"http://one/a": IMAGE, "http://one/b": b"<html>"}
    download = Download(tmp_path, pause=0, fetch=lambda url, timeout: contents[url])
    download.run([Wanted(url, None) for url in contents])
    assert download.outcomes == {"fetched": 1, "no image": 1}


def test_addresses_that_are_none_end_nothing(tmp_path):
    download = Download(tmp_path, pause=0)
    download.run([Wanted("None", SHA), Wanted("ftp://example.org/a", SHA)])
    assert download.outcomes == {"address does not answer": 2}


def test_what_is_no_data_set_is_refused(tmp_path, capsys):
    with pytest.raises(InputError, match="hf download allenai/pixmo-count"):
        read_wanted("pixmo-count", tmp_path)
    (tmp_path / "test.parquet").write_bytes(b"nothing")
    assert main(["pixmo-count", "--data", str(tmp_path)]) == 2
    assert "is damaged" in capsys.readouterr().err
    assert issubclass(ImageError, InputError)
