"""The server of the page: what it tells, what it stores, and what it refuses."""

from __future__ import annotations

import http.client
import json
import threading

import pytest

from model.evaluation.preference.items import pairs_for, read_items
from model.evaluation.preference.server import Ballot, PreferenceServer, RefusedVoteError
from model.evaluation.preference.votes import VoteFile, read_votes
from tests.model.evaluation.preference.example import MODELS, write_example


@pytest.fixture
def ballot(tmp_path):
    items = read_items(write_example(tmp_path))
    return Ballot(pairs_for(items, "anna"), VoteFile(tmp_path / "votes.jsonl"), "anna")


@pytest.fixture
def ask(ballot):
    """A function that sends one request: (status, headers, body)."""
    with PreferenceServer(ballot) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        port = server.server_address[1]

        def send(path, body=None, method=None, **headers):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            sent = {
                name.replace("_", "-"): value.replace("PORT", str(port)) for name, value in headers.items()
            }
            if body is not None:
                sent.setdefault("Content-Type", "application/json")
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method or ("GET" if body is None else "POST"), path, body, sent)
            response = connection.getresponse()
            found = response.status, dict(response.headers), response.read()
            connection.close()
            return found

        yield send
        server.shutdown()
        thread.join(60)


def test_every_pair_is_voted_on_once_and_stored_at_once(ask, ballot):
    status, _, body = ask("/next")
    state = json.loads(body)
    assert (status, state["done"], state["total"]) == (200, 0, 5)
    for number in range(5):
        assert state["pair"] == number
        _, _, body = ask("/vote", {"pair": number, "choice": "left"})
        state = json.loads(body)
        assert len(read_votes([ballot.file.path])[0]) == number + 1 == state["done"]
    assert state["pair"] is None
    stored, _, _ = read_votes([ballot.file.path])
    assert [(vote.item, vote.left, vote.right) for vote in stored] == [
        (pair.item.name, pair.left, pair.right) for pair in ballot.pairs
    ]
    assert {vote.rater for vote in stored} == {"anna"}


def test_nothing_tells_whose_answer_is_whose(ask, ballot):
    bodies = [ask("/")[2], ask("/next")[2]]
    for number in range(len(ballot.pairs)):
        body = ask(f"/pair/{number}")[2]
        bodies.append(body)
        for frame in json.loads(body)["frames"]:
            status, headers, image = ask(frame["source"])
            assert (status, headers["Content-Type"], image[:2]) == (200, "image/jpeg", b"\xff\xd8")
            bodies.append(image + json.dumps(headers).encode())
    for body in bodies:
        for word in (*MODELS, "red.png", "blue.png", "clip.mp4", "secret"):
            assert word.encode() not in body


def test_a_rater_returns_to_where_they_were(ballot):
    ballot.vote(0, "left")
    ballot.vote(3, "both_bad")
    again = Ballot(ballot.pairs, ballot.file, "anna")
    again.resume(read_votes([ballot.file.path])[0])
    assert (again.done, again.next) == ({0: "left", 3: "both_bad"}, 1)
    other = Ballot(ballot.pairs, ballot.file, "bert")
    other.resume(read_votes([ballot.file.path])[0])
    assert other.next == 0


def test_a_vote_can_be_changed(ask, ballot):
    ask("/vote", {"pair": 0, "choice": "left"})
    assert json.loads(ask("/pair/0")[2])["choice"] == "left"
    ask("/vote", {"pair": 0, "choice": "both_good"})
    votes, replaced, _ = read_votes([ballot.file.path])
    assert ([vote.choice for vote in votes], replaced) == (["both_good"], 1)


@pytest.mark.parametrize(
    "body",
    [
        {"pair": 5, "choice": "left"},
        {"pair": -1, "choice": "left"},
        {"pair": True, "choice": "left"},
        {"pair": "0", "choice": "left"},
        {"pair": 0, "choice": "secret-nano"},
        {"pair": 0, "choice": ["left"]},
        {"pair": 0},
        [],
        b"{",
        b"\xff",
        b"[" * 4000,
    ],
)
def test_votes_that_are_refused(ask, ballot, body):
    status, _, answer = ask("/vote", body)
    assert (status, "refused" in json.loads(answer)["error"]) == (400, True)
    assert (ballot.done, ballot.file.path.read_bytes()) == ({}, b"")


@pytest.mark.parametrize(
    ("status", "path", "options"),
    [
        (403, "/next", {"Host": "attacker.example"}),  # a name of elsewhere that leads to this machine
        (403, "/vote", {"body": {"pair": 0, "choice": "left"}, "Origin": "http://attacker.example"}),
        (200, "/vote", {"body": {"pair": 0, "choice": "left"}, "Origin": "http://127.0.0.1:PORT"}),
        (415, "/vote", {"body": b'{"pair": 0, "choice": "left"}', "Content_Type": "text/plain"}),
        (413, "/vote", {"body": b" " * 5000}),
        (404, "/votes", {"body": {}}),
        (404, "/../../etc/passwd", {}),
        (404, "/image/0/9.jpg", {}),
        (404, "/image/-1/0.jpg", {}),
        (404, "/image/99/0.jpg", {}),
        (404, "/image/x", {}),
        (404, "/pair/99", {}),
        (404, "/pair/-1", {}),
        (404, "/pair/x", {}),
        (404, "/votes.jsonl", {}),
        (501, "/next", {"method": "DELETE"}),
    ],
)
def test_requests_that_are_refused(ask, ballot, status, path, options):
    assert ask(path, **options)[0] == status
    assert bool(ballot.done) == (status == 200)


def test_a_page_that_may_load_nothing_from_elsewhere(ask):
    _, headers, body = ask("/")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "'unsafe" not in headers["Content-Security-Policy"]
    assert b"NONCE" not in body
    assert ask("/")[1]["Content-Security-Policy"] != headers["Content-Security-Policy"]


def test_a_disk_that_is_full_is_said_and_nothing_counts(ask, ballot, monkeypatch):
    def full(vote):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ballot.file, "add", full)
    status, _, body = ask("/vote", {"pair": 0, "choice": "left"})
    assert status == 507
    assert json.loads(body)["error"] == "The vote was not stored: No space left on device."
    assert ballot.next == 0


def test_media_that_broke_can_still_be_voted_on(ask, ballot):
    for pair in ballot.pairs:
        pair.item.media.write_bytes(b"broken")
    state = json.loads(ask("/next")[2])
    assert state["frames"] is None
    assert ask("/vote", {"pair": 0, "choice": "both_bad"})[0] == 200


def test_refusals_say_what_was_given(ballot):
    with pytest.raises(RefusedVoteError, match="pair is 9; expected 0 to 4"):
        ballot.vote(9, "left")
    with pytest.raises(RefusedVoteError, match="choice is None; expected one of left"):
        ballot.vote(0, None)
