"""Serves the page on which people compare answers, on this machine only.

What the browser gets never tells which model gave an answer: neither names, nor files, nor an order that
repeats.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from model.evaluation.preference.items import CHOICES, Pair
from model.evaluation.preference.media import frames_of, placed_points, shown_times
from model.evaluation.preference.votes import StoredVote, VoteFile
from molmo_act.errors import InputError

PAGE = Path(__file__).with_name("page.html")
_MOST_BYTES = 4096  # of a vote
_SLOWEST = 30  # seconds that a browser may take to send a request
_POLICY = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; style-src 'nonce-{0}'; "
    "script-src 'nonce-{0}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class RefusedVoteError(ValueError):
    """A vote names no pair or no choice."""


@dataclass
class Ballot:
    """The pairs of one rater, and which of them were voted on.

    Attributes:
        pairs: The pairs, in the order in which they are shown.
        file: Where votes go.
        rater: Who votes.
        done: Votes that count so far, by the number of their pair.
    """

    pairs: Sequence[Pair]
    file: VoteFile
    rater: str
    done: dict[int, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def resume(self, votes: Sequence[StoredVote]) -> None:
        """Takes over votes of the same rater that were stored before."""
        stored = {vote.key: vote for vote in votes if vote.rater == self.rater}
        for number, pair in enumerate(self.pairs):
            vote = stored.get(pair.key)
            if vote is not None:
                same = vote.left == pair.left
                turned = {"left": "right", "right": "left"}.get(vote.choice, vote.choice)
                self.done[number] = vote.choice if same else turned

    @property
    def next(self) -> int | None:
        """Number of the first pair without a vote."""
        return next((number for number in range(len(self.pairs)) if number not in self.done), None)

    def vote(self, number: Any, choice: Any) -> None:
        """Stores a vote; a later one about the same pair replaces it.

        Raises:
            RefusedVoteError: There is no such pair or choice.
            OSError: It could not be stored, and does not count.
        """
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(self.pairs):
            raise RefusedVoteError(f"pair is {number!r}; expected 0 to {len(self.pairs) - 1}")
        if choice not in CHOICES:
            raise RefusedVoteError(f"choice is {choice!r}; expected one of {', '.join(CHOICES)}")
        pair = self.pairs[number]
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        with self._lock:
            self.file.add(StoredVote(pair.item.name, pair.left, pair.right, choice, self.rater, now))
            self.done[number] = choice

    def shown(self, number: int | None) -> dict[str, Any]:
        """What the page shows of a pair; of none, that all are done."""
        state: dict[str, Any] = {"done": len(self.done), "total": len(self.pairs), "pair": number}
        if number is None:
            return state
        pair = self.pairs[number]
        item = pair.item
        state |= {"question": item.question, "choice": self.done.get(number)}
        try:
            frames = frames_of(item.media, shown_times(item))
        except InputError:  # its message names the file, whose name may tell more than a rater should know
            return state | {"frames": None, "left": {}, "right": {}}
        state["frames"] = [
            {"source": f"/image/{number}/{index}.jpg", "seconds": frame.seconds, "size": frame.size}
            for index, frame in enumerate(frames)
        ]
        for side, model in (("left", pair.left), ("right", pair.right)):
            answer = item.answers[model]
            placed = placed_points(item, model, frames)
            state[side] = {"text": answer.text, "points": placed, "total_points": len(answer.points)}
        return state

    def image(self, number: int, index: int) -> bytes:
        """The JPEG of one image of a pair; raises IndexError or InputError where there is none."""
        if number < 0 or index < 0:
            raise IndexError(number)
        item = self.pairs[number].item
        return frames_of(item.media, shown_times(item))[index].jpeg


class PreferenceServer(ThreadingHTTPServer):
    """A server of one ballot on 127.0.0.1.

    Args:
        ballot: The ballot.
        port: Where to listen; 0 for any free port.

    Raises:
        OSError: The port is taken.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, ballot: Ballot, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.ballot = ballot

    @property
    def url(self) -> str:
        """Address of the page."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle of an answer is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: PreferenceServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "preference", ""
    timeout = _SLOWEST

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if not self._is_own():
            self._refuse(HTTPStatus.FORBIDDEN)
        elif path == "/":
            nonce = secrets.token_urlsafe(16)
            page = PAGE.read_text(encoding="utf-8").replace("NONCE", nonce)
            self._send(page.encode(), "text/html; charset=utf-8", policy=_POLICY.format(nonce))
        elif path == "/next":
            self._send_json(self.server.ballot.shown(self.server.ballot.next))
        elif path.startswith("/pair/"):
            self._pair(path.removeprefix("/pair/"))
        elif path.startswith("/image/"):
            self._image(path.removeprefix("/image/").removesuffix(".jpg"))
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        self.close_connection = True  # what is refused may still have a body under way
        length = self.headers.get("Content-Length", "")
        kind = self.headers.get("Content-Type", "").partition(";")[0]
        if not self._is_own():
            self._refuse(HTTPStatus.FORBIDDEN)
        elif self.path != "/vote":
            self._refuse(HTTPStatus.NOT_FOUND)
        elif kind != "application/json":  # which no form of another page can send
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        elif not length.isdecimal() or not 0 < int(length[:9]) <= _MOST_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._vote(self.rfile.read(int(length)))

    def log_message(self, format: str, *args: Any) -> None:
        """Keeps the terminal clear."""

    def _is_own(self) -> bool:
        """Whether the request comes from this page: not from another site, nor by a name that leads here."""
        port = self.server.server_address[1]
        hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        origin = self.headers.get("Origin")
        known = origin is None or origin in {f"http://{host}" for host in hosts}
        return self.headers.get("Host") in hosts and known

    def _pair(self, number: str) -> None:
        if number.isascii() and number.isdecimal() and int(number[:9]) < len(self.server.ballot.pairs):
            self._send_json(self.server.ballot.shown(int(number[:9])))
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def _image(self, name: str) -> None:
        try:
            number, index = (int(part[:9]) for part in name.split("/"))
            self._send(self.server.ballot.image(number, index), "image/jpeg")
        except (ValueError, IndexError, InputError):
            self._refuse(HTTPStatus.NOT_FOUND)

    def _vote(self, body: bytes) -> None:
        ballot = self.server.ballot
        try:
            given = json.loads(body)
            if not isinstance(given, dict):
                raise RefusedVoteError("expected an object")
            ballot.vote(given.get("pair"), given.get("choice"))
        except (ValueError, RecursionError) as exc:
            self._send_json({"error": f"The vote was refused: {exc}."}, HTTPStatus.BAD_REQUEST)
        except OSError as exc:
            self._send_json({"error": f"The vote was not stored: {exc.strerror}."}, HTTPStatus(507))
        else:
            self._send_json(ballot.shown(ballot.next))

    def _send_json(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(json.dumps(value).encode(), "application/json", status)

    def _refuse(self, status: HTTPStatus) -> None:
        self._send(status.phrase.encode(), "text/plain; charset=utf-8", status)

    def _send(
        self,
        body: bytes,
        kind: str,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        policy: str = "default-src 'none'",
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
