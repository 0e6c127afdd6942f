"""Judges of captions: a program of yours that asks a model, or a rule that needs none.

The official judge is a paid model (gpt-4.1-2025-04-14 at temperature 0). Any program that reads a prompt at
stdin and writes the reply at stdout can take its place: ``--judge "python ask_my_model.py"``.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Sequence
from typing import Protocol

from model.evaluation.official.captions import CATEGORIES
from molmo_act.errors import InputError, PlatformError

WORDS = "words"
"""Name of the judge that is a rule."""
TIMEOUT = 300.0  # seconds for one reply
_ENOUGH = 0.6  # of the content words of a statement
_COMMON = {
    *("a", "an", "the", "is", "are", "was", "were", "be", "been", "it", "its", "this", "that", "and", "or"),
    *("of", "in", "on", "at", "to", "with", "by", "for", "from", "as"),
}


class Judge(Protocol):
    """What tells which statements a caption makes, and which of others are stated in it."""

    name: str

    def split(self, caption: str) -> str:
        """Lists the atomic statements of a caption.

        Args:
            caption: The caption.

        Returns:
            A line for each, ``1. A dog runs | Event``.
        """

    def verdicts(self, statements: Sequence[str], caption: str) -> list[str]:
        """Says of each statement whether a caption states it.

        Args:
            statements: At least one.
            caption: The caption.

        Returns:
            A line for each, ``1. Stated`` or ``2. Not Stated``.
        """


class WordJudge:
    """A rule: a statement is stated where most of its words are in the caption. No stand-in for a model.

    Attributes:
        name: What headers of runs call it.
    """

    name = WORDS

    def split(self, caption: str) -> str:
        """Every sentence is a statement."""
        sentences = [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", caption) if part.strip()]
        return "\n".join(f"{number}. {part.rstrip('.')} | Object" for number, part in enumerate(sentences, 1))

    def verdicts(self, statements: Sequence[str], caption: str) -> list[str]:
        """By the share of words."""
        there = _content(caption)
        found = []
        for number, statement in enumerate(statements, 1):
            words = _content(statement)
            stated = bool(words) and len(words & there) / len(words) >= _ENOUGH
            found.append(f"{number}. {'Stated' if stated else 'Not Stated'}")
        return found


def _content(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower())) - _COMMON


class ProgramJudge:
    """A program that reads a prompt at stdin and writes a reply at stdout.

    Args:
        command: Its command line.

    Attributes:
        name: The command line.

    Raises:
        InputError: The command line is empty or has an open quote.
    """

    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as exc:
            raise InputError(f"--judge {command!r} is no command line ({exc}).") from exc
        if not self._words:
            raise InputError(f"--judge {command!r} was given; expected {WORDS!r} or a command line.")
        self.name = command

    def split(self, caption: str) -> str:
        """Asks for the statements."""
        return self._ask(
            "List every fact that the following caption states, as short statements that each say one thing. "
            "Write one numbered line for each, in the form `1. statement | category`, with one of these "
            f"categories: {', '.join(CATEGORIES)}. Write nothing else.\n\nCaption:\n{caption}"
        )

    def verdicts(self, statements: Sequence[str], caption: str) -> list[str]:
        """Asks which statements are stated."""
        listed = "\n".join(f"{number}. {statement}" for number, statement in enumerate(statements, 1))
        reply = self._ask(
            "For each numbered statement say whether the caption states it. Write one line for each, with "
            "its number, in the form `1. Stated` or `1. Not Stated`, and nothing else.\n\n"
            f"Caption:\n{caption}\n\nStatements:\n{listed}"
        )
        return [line for line in reply.splitlines() if line.strip()]

    def _ask(self, prompt: str) -> str:
        try:
            done = subprocess.run(
                self._words, input=prompt, capture_output=True, text=True, timeout=TIMEOUT, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise PlatformError(f"The judge {self.name!r} could not be asked: {exc}. See --judge.") from exc
        if done.returncode:
            last = done.stderr.strip()[-300:] or "it said nothing"
            raise PlatformError(f"The judge {self.name!r} ended with status {done.returncode}: {last}")
        return done.stdout


def open_judge(named: str | None) -> Judge:
    """Opens a judge.

    Args:
        named: ``"words"`` or None for the rule, else the command line of a program.

    Raises:
        InputError: It is no command line.
    """
    return WordJudge() if named in (None, WORDS) else ProgramJudge(str(named))
