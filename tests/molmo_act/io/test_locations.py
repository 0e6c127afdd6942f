"""Paths, URLs and bytes stand for the files that they should."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import mmap
from pathlib import Path

import pytest

from molmo_act.errors import ImageError, InputError
from molmo_act.io.locations import describe, is_file_source, locate, url_scheme

CONTENT = b"\x00\x01content"
MODULES = (gzip, bz2, lzma)


def located(source: object, kind: str = "image") -> Path | bytes:
    return locate(source, kind=kind, expected="expected a file")


@pytest.mark.parametrize("name", ["http:x.png", "12:30.png", "data:x.png", "%41 ü.png", "file:x", "#?.png"])
def test_names_that_look_like_urls_are_files(tmp_path, monkeypatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(CONTENT)
    for source in (name, Path(name), (tmp_path / name).as_uri()):
        assert located(source).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,AAFjb250ZW50",
        "DATA:;BASE64,AAFjb250ZW50",
        "data:image/png;base64,AAFj b250\nZW50",  # broken into lines
        "data:,%00%01content",  # without base64
        "data:text/plain;charset=utf-8,%00%01content",
    ],
)
def test_data_urls(url: str) -> None:
    assert located(url) == CONTENT
    assert url_scheme(url) == "data"


def test_base64_without_its_padding_is_read_as_browsers_do() -> None:
    assert located("data:;base64,AAFjb250ZW50MQ") == CONTENT + b"1"


class Pipe(io.RawIOBase):
    """A file that cannot go back, as a pipe."""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return CONTENT


def test_content_and_files() -> None:
    buffer = io.BytesIO(CONTENT)
    buffer.seek(4)
    for source in (CONTENT, bytearray(CONTENT), memoryview(CONTENT), buffer, Pipe()):
        assert is_file_source(source)
        assert located(source) == CONTENT
    assert buffer.tell() == 4
    assert not any(map(is_file_source, (None, 3, [], io.StringIO("text"), iter(()))))


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        ("https://a/b.png", "https"),
        ("RTSP://camera", "rtsp"),
        ("file:///a", "file"),
        ("C:\\a.png", ""),
        ("http:x.png", ""),
        (Path("https://a"), ""),
        (3, ""),
    ],
)
def test_schemes(value: object, scheme: str) -> None:
    assert url_scheme(value) == scheme


def test_an_error_of_the_kind_that_was_expected(tmp_path) -> None:
    with pytest.raises(ImageError, match="Image 'no' does not exist"):
        located("no")
    with pytest.raises(InputError, match="Video 'no' does not exist") as caught:
        located("no", "video")
    assert not isinstance(caught.value, ImageError)
    for source, words in (
        (tmp_path, "is a folder"),
        ("/dev/null", "not a regular file"),
        ("", "empty string"),
    ):
        with pytest.raises(InputError, match=words):
            located(source, "video")


def test_long_sources_are_named_in_short() -> None:
    assert len(describe("x" * 9000)) < 120
    assert describe(b"abc") == "given as 3 bytes"


def cut(module) -> io.BufferedIOBase:
    return module.open(io.BytesIO(module.compress(bytes(range(256)) * 4)[:60]))


def closed(file):
    file.close()
    return file


def released() -> memoryview:
    view = memoryview(CONTENT)
    view.release()
    return view


class Broken(io.RawIOBase):
    """A file whose reader fails in its own way."""

    def read(self, size: int = -1) -> bytes:
        raise RuntimeError("the tape is torn")


@pytest.mark.parametrize(
    "source",
    [
        *(pytest.param(lambda module=module: cut(module), id=f"cut {module.__name__}") for module in MODULES),
        *(
            pytest.param(lambda module=module: module.open(io.BytesIO(b"junk" * 99)), id=module.__name__)
            for module in MODULES
        ),
        pytest.param(lambda: closed(io.BytesIO(CONTENT)), id="closed BytesIO"),
        pytest.param(
            lambda: closed(gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(CONTENT)))), id="closed gzip"
        ),
        pytest.param(released, id="released memoryview"),
        pytest.param(Broken, id="own error"),
    ],
)
@pytest.mark.parametrize(("kind", "error"), [("image", ImageError), ("video", InputError)])
def test_files_that_cannot_be_read(source, kind, error) -> None:
    with pytest.raises(error, match=rf"^{kind.capitalize()} given as a \w+ cannot be read .* an open file"):
        located(source(), kind)


def test_files_of_other_libraries(tmp_path) -> None:
    (tmp_path / "a.bin").write_bytes(CONTENT)
    with (tmp_path / "a.bin").open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        mapped.read(3)
        assert located(mapped) == CONTENT
        mapped.close()
    with gzip.open(io.BytesIO(gzip.compress(CONTENT))) as unpacked:
        assert located(unpacked) == CONTENT


@pytest.mark.parametrize("url", ["file://[bad", "data:image/png;base64,\ud83d", "data:,\ud83d"])
def test_broken_urls(url: str) -> None:
    with pytest.raises(ImageError, match=r"is no URL|lone surrogate"):
        located(url)
