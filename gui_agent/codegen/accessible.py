"""Asks the accessibility bus what lies at a place, where there is one; it only suggests words."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("accessible_at.py")
PYTHONS = (sys.executable, "/usr/bin/python3")
"""One of them may have the bindings, which distributions pack for their own Python."""
START_SECONDS = 5.0
ANSWER_SECONDS = 1.0  # for programs that do not answer


@dataclass(frozen=True)
class Widget:
    """What a program says of a part of its window.

    Attributes:
        role: Such as "push button".
        name: Such as "Save"; "" where it has none.
    """

    role: str
    name: str

    @property
    def is_secret(self) -> bool:
        """Whether what is typed into it is a secret."""
        return "password" in self.role


class AccessibleWidgets:
    """Asks a program of its own, which stays until this is closed.

    Without a bus or bindings, and once a program takes too long to answer, nothing is known of any place.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        for python in PYTHONS:
            self._start(python)
            if self._process is not None:
                return

    def at(self, x: int, y: int) -> Widget | None:
        """Finds what lies at a place.

        Args:
            x: In pixels of the screen.
            y: In pixels of the screen.

        Returns:
            What its program says of it; None where nobody says anything.
        """
        if self._process is None or self._process.stdin is None:
            return None
        try:
            self._process.stdin.write(f"{x} {y}\n")
            self._process.stdin.flush()
        except OSError:
            self.close()
            return None
        answer = self._answer(ANSWER_SECONDS)
        if not isinstance(answer, dict):
            return None
        return Widget(str(answer.get("role", "")), str(answer.get("name", "")))

    def close(self) -> None:
        """Ends the program."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _start(self, python: str) -> None:
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                [python, str(PROGRAM)], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
            )
        except OSError:
            return
        if self._answer(START_SECONDS) != "ready":
            self.close()

    def _answer(self, seconds: float) -> Any:
        process = self._process
        if process is None or process.stdout is None:
            return None
        readable, _, _ = select.select([process.stdout], [], [], seconds)
        line = process.stdout.readline() if readable else ""
        if not line:
            self.close()
            return None
        return line.strip() if line.startswith("ready") else json.loads(line)
