"""Waits for what should be seen, or should no longer be; acts on nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gui_agent.aiming import require_seconds, wait_for_change
from gui_agent.errors import Ambiguous, NotFound, Timeout
from gui_agent.eye import Found
from gui_agent.results import WAITS, ActionResult
from gui_agent.scene import Scene
from molmo_act.errors import InputError

if TYPE_CHECKING:
    from gui_agent.locator import Locator

State = Literal["visible", "gone"]
ACTION_OF = dict(zip(("visible", "gone"), WAITS, strict=True))


@dataclass(frozen=True)
class Expectation:
    """What is expected of a locator.

    Attributes:
        locator: What is looked for.
    """

    locator: Locator

    def to_appear(self, *, timeout: float | None = None) -> Found:
        """Waits until it is there; raises as `wait` does.

        Returns:
            Where it is.
        """
        return self.wait("visible", timeout=timeout).targets[0]

    def to_disappear(self, *, timeout: float | None = None) -> None:
        """Waits until it is not there; raises as `wait` does."""
        self.wait("gone", timeout=timeout)

    def wait(self, state: State, *, timeout: float | None = None) -> ActionResult:
        """Waits until it is there, with a score of at least ``min_score``, or is not; one of several will do.

        Args:
            state: "visible" or "gone".
            timeout: Seconds; the desktop's unless given. At least one look is taken.

        Returns:
            Where it is, if it is; "unchanged" when the first look already showed it so.

        Raises:
            Timeout: It did not come about.
            InputError: There is no such state.
            QueryError: The query is empty or too long.
        """
        if state not in ACTION_OF:
            raise InputError(f"wait({state!r}) was given; expected 'visible' or 'gone'.")
        arguments = {} if timeout is None else {"timeout": require_seconds(timeout)}
        return self.locator.desk.step(
            ACTION_OF[state], [self.locator], arguments, lambda: self._wait(state, arguments)
        )

    def _wait(self, state: State, arguments: dict[str, float]) -> ActionResult:
        desk = self.locator.desk
        began = time.monotonic()
        timeout = arguments.get("timeout", desk.timeout)
        capture = desk.capture()
        first: Scene | None = None
        model_seconds = 0.0
        while True:
            desk.guard.require_going_on()
            scene = Scene(desk.eye, capture, desk.backend, desk.monitor)
            found = self._best(scene)
            model_seconds += scene.model_seconds
            first = first or scene
            if (found is not None) == (state == "visible"):
                return ActionResult(
                    ACTION_OF[state],
                    "unchanged" if scene is first else "changed",
                    () if found is None else (found,),
                    first.shot,
                    scene.shot,
                    time.monotonic() - began,
                    model_seconds,
                    arguments=arguments,
                )
            if not wait_for_change(desk, capture, scene.shot, began + timeout):
                what = "appear" if state == "visible" else "disappear"
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
