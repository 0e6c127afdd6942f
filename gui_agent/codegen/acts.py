"""Turns what mouse and keyboard did into acts: clicks, drags, turns of the wheel, chords and texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from gui_agent.input.x11.input_recorder import InputEvent

BUTTONS = {1: "left", 2: "middle", 3: "right"}
WHEEL = {4: (-1, 0), 5: (1, 0), 6: (0, -1), 7: (0, 1)}
"""Notches (down, right) of a wheel, by its number as a button."""
DOUBLE_CLICK_SECONDS = 0.5
NEARBY = 6  # input points; a pointer that moves further while a button is down drags
TYPED = {
    **{"space": " ", "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "decimal": "."},
    **{f"num{digit}": str(digit) for digit in range(10)},
}
"""What keys with a name type where no modifier is held."""


@dataclass(frozen=True)
class Act:
    """One act of the user.

    Attributes:
        kind: What it was.
        point: Where, (x, y) in input points; where it began for a drag.
        end: Where a drag ended.
        button: "left", "middle" or "right".
        count: How many times in quick succession it was clicked.
        held: Modifiers held meanwhile.
        notches: Of the wheel, (down, right).
        text: That was typed; or the chord that was pressed.
        time: When it began, in seconds of ``time.monotonic()``.
        ended: When it ended so far.
    """

    kind: Literal["click", "drag", "scroll", "type", "press"]
    point: tuple[int, int]
    time: float
    end: tuple[int, int] = (0, 0)
    button: str = "left"
    count: int = 1
    held: tuple[str, ...] = ()
    notches: tuple[int, int] = (0, 0)
    text: str = field(default="", repr=False)
    ended: float = 0.0


def moves_focus(act: Act) -> bool:
    """Tells whether keys may have given another field the keyboard.

    Args:
        act: A press of keys.

    Returns:
        Whether they may.
    """
    return act.text.split("+")[-1] in ("tab", "f6") or bool({"alt", "win"} & set(act.held))


class ActReader:
    """Puts events together; an act is complete when the next event does not continue it, or after a while."""

    def __init__(self) -> None:
        self._open: Act | None = None
        self._down: InputEvent | None = None

    def take(self, event: InputEvent) -> list[Act]:
        """Takes the next event.

        Args:
            event: What happened.

        Returns:
            The acts that are complete now.
        """
        if event.kind == "release":
            return self._released(event)
        if event.kind == "press" and event.button in BUTTONS:
            self._down = event
            return [] if self._continues_click(event) else self._finish()
        act = self._act_of(event)
        if act is None:
            return []
        if self._open is not None and (joined := _joined(self._open, act)) is not None:
            self._open = joined
            return []
        done = self._finish()
        self._open = act
        return done

    def rest(self, now: float) -> list[Act]:
        """Says that nothing has happened until now.

        Args:
            now: In seconds of ``time.monotonic()``.

        Returns:
            The acts that are complete by that.
        """
        is_late = self._open is not None and now - self._open.ended > DOUBLE_CLICK_SECONDS
        may_go_on = self._down is not None or (self._open is not None and self._open.kind == "type")
        return self._finish() if is_late and not may_go_on else []

    def close(self) -> list[Act]:
        """Says that nothing more happens; gives the last act."""
        return self._finish()

    def _finish(self) -> list[Act]:
        done, self._open = self._open, None
        return [] if done is None else [done]

    def _continues_click(self, event: InputEvent) -> bool:
        before = self._open
        return (
            before is not None
            and before.kind == "click"
            and before.button == BUTTONS[event.button]
            and before.held == event.held
            and before.count < 3
            and event.time - before.ended <= DOUBLE_CLICK_SECONDS
            and math.dist(event.point, before.point) <= NEARBY
        )

    def _released(self, event: InputEvent) -> list[Act]:
        down = self._down
        if down is None or event.button != down.button:
            return []
        self._down = None
        button = BUTTONS[down.button]
        if math.dist(down.point, event.point) > NEARBY:
            done = self._finish()
            return [*done, Act("drag", down.point, down.time, event.point, button, held=down.held)]
        if self._open is not None and self._open.kind == "click":
            self._open = replace(self._open, count=self._open.count + 1, ended=event.time)
        else:
            click = Act("click", down.point, down.time, button=button, held=down.held, ended=event.time)
            self._open = click
        return []

    @staticmethod
    def _act_of(event: InputEvent) -> Act | None:
        if event.kind == "press":
            notches = WHEEL.get(event.button)
            if notches is None:  # buttons on the side of a mouse
                return None
            return Act("scroll", event.point, event.time, held=event.held, notches=notches, ended=event.time)
        character = TYPED.get(event.key, event.key)
        is_text = len(character) == 1 and not set(event.held) - {"shift", "altgr"}
        if is_text:
            return Act("type", event.point, event.time, text=character, ended=event.time)
        return Act("press", event.point, event.time, text=_chord(event), held=event.held, ended=event.time)


def _chord(event: InputEvent) -> str:
    """The keys as `Desktop.press` takes them; "" where the key has no name."""
    if not event.key:
        return ""
    is_letter = len(event.key) == 1 and event.key.isalpha()
    held: Sequence[str] = event.held
    if len(event.key) == 1 and not is_letter:  # Shift is part of how the sign is typed
        held = [name for name in held if name != "shift"]
    return "+".join([*held, event.key.lower() if is_letter else event.key])


def _joined(before: Act, after: Act) -> Act | None:
    """Both acts as one, where the second goes on with the first."""
    if before.kind != after.kind:
        return None
    if before.kind == "type":
        return replace(before, text=before.text + after.text, ended=after.ended)
    is_same_place = math.dist(before.point, after.point) <= NEARBY
    if (
        before.kind == "scroll"
        and before.held == after.held
        and is_same_place
        and after.time - before.ended <= 1.0
    ):
        (down, right), (more_down, more_right) = before.notches, after.notches
        return replace(before, notches=(down + more_down, right + more_right), ended=after.ended)
    return None
