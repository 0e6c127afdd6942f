"""Words that name something on the screen, resolved anew at each use; knows no capture library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from gui_agent.backends import require_button
from gui_agent.errors import Ambiguous, NotFound
from gui_agent.eye import Found, Sighting
from gui_agent.keystrokes import split_chord
from gui_agent.regions import Region
from molmo_act.errors import InputError

if TYPE_CHECKING:
    from gui_agent.desktop import Desktop
    from gui_agent.results import ActionResult
    from gui_agent.scene import Scene

SHOWN_CANDIDATES = 5


@dataclass(frozen=True)
class Locator:
    """What words name on a desktop. Making one looks at nothing; each use looks anew.

    A locator is strict: when several things match about equally well, acting on it raises `Ambiguous`. Say
    which is meant with more words, ``first``, ``nth``, ``near`` or ``inside``.

    Attributes:
        desk: The desktop it is looked for on.
        query: The words.
        region: Where to look; None for all that the desktop looks at.
        index: Which of several, 0-based in the order of the model's answer; None where there must be one.
        neighbour: What the meant one of several is nearest to.

    Raises:
        InputError: The query is no text, or the region none.
    """

    desk: Desktop = field(repr=False)
    query: str
    region: Region | None = None
    index: int | None = None
    neighbour: Locator | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.query, str):
            raise InputError(
                f"The query is {self.query!r}; expected words such as 'the Save button', or a locator."
            )
        if self.region is not None and not isinstance(self.region, Region):
            raise InputError(
                f"The region is {self.region!r}; expected Area(left, top, width, height), "
                "desk.window('title') or desk.screen(1)."
            )

    # --- which one ----------------------------------------------------------------------------------------

    @property
    def first(self) -> Locator:
        """The first of several."""
        return self.nth(0)

    def nth(self, index: int) -> Locator:
        """One of several.

        Args:
            index: 0-based, in the order of the model's answer, which is reading order by and large.

        Raises:
            InputError: The index is negative.
        """
        if index < 0:
            raise InputError(f"nth({index}) was given; indices start at 0.")
        return replace(self, index=index, neighbour=None)

    def near(self, other: str | Locator) -> Locator:
        """The one of several that is nearest to something else, given as words or as a locator."""
        return replace(self, neighbour=self.desk.named(other), index=None)

    def inside(self, region: Region) -> Locator:
        """The same words, looked for in a part of the screen only; the model sees nothing else."""
        return replace(self, region=region)

    def all(self) -> list[Locator]:
        """A locator for each thing that matches now; empty when nothing does. Waits for nothing.

        Raises:
            Refused: The screen is locked.
            QueryError: The query is empty or too long.
        """
        matching = self._matching(self._look(self.desk.scene()))
        return [self.nth(index) for index in range(len(matching))]

    # --- looking ------------------------------------------------------------------------------------------

    def find(self) -> Found:
        """Where it is now; moves nothing, waits for nothing. A low score is returned, not refused.

        Raises:
            NotFound: Nothing matches.
            Ambiguous: Several things match about equally well.
            Refused: The screen is locked.
            QueryError: The query is empty or too long.
        """
        return self.choose(self.desk.scene())

    def choose(self, scene: Scene) -> Found:
        """Where it is at one moment; raises as `find` does."""
        sighting = self._look(scene)
        if not sighting.places:
            raise NotFound(
                f"Nothing on the screen matches {self.query!r} (absent with probability "
                f"{sighting.points.absent:.2f}). Check that it is visible, or name it in other words; "
                "small models know English only."
            )
        if self.index is not None:
            return self._nth_of(self._matching(sighting), self.index)
        if self.neighbour is not None:
            point = self.neighbour.choose(scene).point
            candidates = self._matching(sighting) or sighting.likely
            return min(candidates, key=lambda found: math.dist(found.point, point))
        if len(sighting.likely) > 1 and self._matching(sighting):
            raise Ambiguous(
                f"{self.query!r} matches {len(sighting.likely)} things about equally well: "
                f"{_listed(sighting.likely)}. Name it more exactly, or use first, nth, near or inside.",
                sighting.likely,
            )
        return max(sighting.places, key=lambda found: found.score)

    def _look(self, scene: Scene) -> Sighting:
        return scene.look(self.query, self.region)

    def _matching(self, sighting: Sighting) -> list[Found]:
        return [found for found in sighting.places if found.score >= self.desk.min_score]

    def _nth_of(self, matching: Sequence[Found], index: int) -> Found:
        if index >= len(matching):
            raise NotFound(
                f"{self.query!r} was asked for as number {index}, counted from 0, but {len(matching)} match: "
                f"{_listed(matching) or 'nothing'}."
            )
        return matching[index]

    # --- acting -------------------------------------------------------------------------------------------
    # Each of these waits up to ``timeout`` seconds (the desktop's unless given) until there is something that
    # scores enough and holds still, and raises
    #   NotFound, Unstable: there is none, or it does not hold still;
    #   Ambiguous: there are several, which more time would not tell apart;
    #   Refused: the score, a rule of Safety, the fail-safe, or a cover over it is against it;
    #   InputError: an argument cannot be used; QueryError: the query cannot.
    # Nothing was done then.

    def click(
        self,
        *,
        button: str = "left",
        count: int = 1,
        modifiers: Sequence[str] = (),
        timeout: float | None = None,
    ) -> ActionResult:
        """Clicks it.

        Args:
            button: "left", "middle" or "right".
            count: 2 for a double click, 3 for a triple click.
            modifiers: Keys held meanwhile, such as ``["ctrl", "shift"]``.
            timeout: Seconds to wait for it.
        """
        require_button(button, count)
        if isinstance(modifiers, str):  # or each of its letters would be taken for a key
            raise InputError(f"modifiers is one string, {modifiers!r}; give a list of keys.")
        backend = self.desk.backend
        backend.require_keys(*modifiers)

        def press(_: Found) -> None:
            with backend.holding(*modifiers):
                backend.click(button, count)

        arguments = {"button": button, "count": count, "modifiers": list(modifiers)}
        return self.desk.act("click", [self], press, arguments, timeout=timeout)

    def hover(self, *, timeout: float | None = None) -> ActionResult:
        """Moves the pointer onto it."""
        return self.desk.act("hover", [self], None, {}, timeout=timeout)

    def drag_to(
        self, other: str | Locator, *, button: str = "left", timeout: float | None = None
    ) -> ActionResult:
        """Drags it to something else, given as words or as a locator."""
        require_button(button)
        target = self.desk.named(other)

        def drag(_: Found, end: Found) -> None:
            self.desk.backend.drag(*end.point, button)

        return self.desk.act("drag", [self, target], drag, {"button": button}, timeout=timeout)

    def scroll(self, down: int = 3, right: int = 0, *, timeout: float | None = None) -> ActionResult:
        """Turns the wheel over it.

        Args:
            down: Notches; negative ones are up.
            right: Notches; negative ones are left.
            timeout: Seconds to wait for it.
        """
        return self.desk.act(
            "scroll",
            [self],
            lambda _: self.desk.backend.scroll(down, right),
            {"down": down, "right": right},
            timeout=timeout,
        )

    def fill(self, text: str, *, secret: bool = False, timeout: float | None = None) -> ActionResult:
        """Clicks it, takes away what it holds, and types a text; each character arrives, or an error says so.

        Args:
            text: Any characters; line breaks and tabs are the keys Enter and Tab. Not empty, see `clear`.
            secret: Keeps the text out of results, records and pictures; see `Desktop.forget_secrets`.
            timeout: Seconds to wait for it.

        Raises:
            NotTyped: The application did not take a pasted piece; what was there before is gone.
        """
        self.desk.backend.require_typable(text)

        def replace_content(_: Found) -> None:
            self._empty()
            self.desk.backend.type(text)

        arguments = typed_arguments(text, secret)
        return self.desk.act("fill", [self], replace_content, arguments, timeout=timeout, secret=secret)

    def clear(self, *, timeout: float | None = None) -> ActionResult:
        """Clicks it and takes away what it holds."""
        return self.desk.act("clear", [self], lambda _: self._empty(), {}, timeout=timeout)

    def press(self, chord: str, *, timeout: float | None = None) -> ActionResult:
        """Clicks it, then presses keys together.

        Args:
            chord: Such as "enter" or "ctrl+s".
            timeout: Seconds to wait for it.
        """
        keys = split_chord(chord)
        self.desk.backend.require_keys(*keys)

        def click_and_press(_: Found) -> None:
            self._focus()
            self.desk.backend.press(*keys)

        return self.desk.act("press", [self], click_and_press, {"chord": chord}, timeout=timeout)

    def wait(
        self, state: Literal["visible", "gone"] = "visible", *, timeout: float | None = None
    ) -> ActionResult:
        """Waits until it is there, or until it is not; see `Expectation.wait`.

        Raises:
            Timeout: It did not come about in time.
            InputError: There is no such state.
        """
        return self.desk.expect(self).wait(state, timeout=timeout)

    def _focus(self) -> None:
        self.desk.backend.click()
        self.desk.guard.require_window(self.desk.backend.focused())

    def _empty(self) -> None:
        self._focus()
        # Not Ctrl+A, which goes to the start of the line in Tk, in Emacs and in some GTK themes. In a field
        # that was empty, Tk keeps a selection of no length, which Backspace then deletes; End takes it away.
        for keys in (("ctrl", "home"), ("ctrl", "shift", "end"), ("delete",), ("end",)):
            self.desk.backend.press(*keys)


def typed_arguments(text: str, secret: bool) -> dict[str, Any]:
    """What records say of a text that is typed."""
    return {"text": "•••", "secret": True} if secret else {"text": text}


def _listed(places: Sequence[Found]) -> str:
    shown = [f"{found.point} scores {found.score:.2f}" for found in places[:SHOWN_CANDIDATES]]
    return ", ".join(shown) + (", …" if len(places) > SHOWN_CANDIDATES else "")
