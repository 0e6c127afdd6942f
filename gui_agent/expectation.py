"""Waits for what should be seen, or should no longer be; acts on nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from gui_agent.aiming import wait_for_change
from gui_agent.errors import Ambiguous, NotFound, Timeout
from gui_agent.eye import Found
from gui_agent.scene import Scene

if TYPE_CHECKING:
    from gui_agent.locator import Locator


@dataclass(frozen=True)
class Expectation:
    """What is expected of a locator.

    Attributes:
        locator: What is looked for.
    """

    locator: Locator

    def to_appear(self, *, timeout: float | None = None) -> Found:
        """Waits until it is there, with a score of at least ``min_score``; one of several will do.

        Args:
            timeout: Seconds; the desktop's unless given. At least one look is taken.

        Returns:
            Where it is.

        Raises:
            Timeout: It did not appear.
            QueryError: The query is empty or too long.
        """
        return self.locator.desk.step(
            "expect", [self.locator], {}, lambda: cast(Found, self._wait(True, timeout))
        )

    def to_disappear(self, *, timeout: float | None = None) -> None:
        """Waits until nothing matches with a score of at least ``min_score``.

        Raises:
            Timeout: It stayed.
            QueryError: The query is empty or too long.
        """

        def gone() -> None:
            self._wait(False, timeout)

        self.locator.desk.step("expect_gone", [self.locator], {}, gone)

    def _wait(self, until_there: bool, timeout: float | None) -> Found | None:
        desk = self.locator.desk
        timeout = desk.timeout if timeout is None else timeout
        deadline = time.monotonic() + timeout
        capture = desk.capture()
        while True:
            desk.guard.require_going_on()
            scene = Scene(desk.eye, capture, desk.backend, desk.monitor)
            found = self._best(scene)
            if (found is not None) == until_there:
                return found
            if not wait_for_change(desk, capture, scene.shot, deadline):
                what = "appear" if until_there else "disappear"
                raise Timeout(f"{self.locator.query!r} did not {what} within {timeout:g} s.")

    def _best(self, scene: Scene) -> Found | None:
        try:
            found = self.locator.choose(scene)
        except NotFound:
            return None
        except Ambiguous as error:
            if not error.candidates:
                raise
            found = max(error.candidates, key=lambda candidate: candidate.score)
        return found if found.score >= self.locator.desk.min_score else None
