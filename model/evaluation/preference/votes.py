"""Keeps votes: one JSON object a line, on the disk before the next pair is shown."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from model.evaluation.metrics.elo import Vote
from model.evaluation.preference.items import CHOICES, TIE
from molmo_act.errors import InputError


@dataclass(frozen=True)
class StoredVote:
    """One line of a file of votes.

    Attributes:
        item: Id of the question.
        left: Model whose answer was on the left.
        right: Model whose answer was on the right.
        choice: One of `model.evaluation.preference.items.CHOICES`.
        rater: Who voted.
        time: When, in UTC.
    """

    item: str
    left: str
    right: str
    choice: str
    rater: str
    time: str

    def __post_init__(self) -> None:
        if not all(isinstance(value, str) for value in asdict(self).values()) or self.choice not in CHOICES:
            raise ValueError(f"choice is {self.choice!r}")
        if self.left == self.right:
            raise ValueError(f"both sides are {self.left!r}")

    @property
    def key(self) -> tuple[str, frozenset[str]]:
        """What is compared, whatever the sides."""
        return self.item, frozenset((self.left, self.right))

    def to_vote(self) -> Vote:
        """The vote as ratings read it."""
        winner = None if self.choice in TIE else getattr(self, self.choice)
        return Vote(self.left, self.right, winner)


class VoteFile:
    """A file that votes are added to; several processes may add to one.

    Args:
        path: The file, which may not exist yet; its folder does.

    Raises:
        InputError: It cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.open("ab").close()
        except OSError as exc:
            raise InputError(f"Votes cannot be written to {path} ({exc.strerror}).") from exc

    def add(self, vote: StoredVote) -> None:
        """Adds a vote; raises OSError when it is not on the disk."""
        data = (json.dumps(asdict(vote)) + "\n").encode()
        with self._lock, open(self.path, "a+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            if file.read(1) not in (b"", b"\n"):  # half a line, of a disk that was full
                data = b"\n" + data
            if file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())


def read_votes(paths: Sequence[Path]) -> tuple[list[StoredVote], int, int]:
    """Reads files of votes.

    Args:
        paths: The files.

    Returns:
        The votes in order, of each rater the last one about a pair; how many earlier ones they replace; and
        how many lines cannot be read.

    Raises:
        InputError: A file cannot be read.
    """
    found: dict[tuple[str, str, frozenset[str]], StoredVote] = {}
    replaced = damaged = 0
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as exc:
            raise InputError(f"{path} cannot be read ({exc.strerror}); expected a file of votes.") from exc
        for line in lines:
            if not line.strip():
                continue
            try:
                vote = StoredVote(**json.loads(line))
            except (TypeError, ValueError):
                damaged += 1
                continue
            key = (vote.rater, *vote.key)
            replaced += found.pop(key, None) is not None
            found[key] = vote
    return list(found.values()), replaced, damaged
