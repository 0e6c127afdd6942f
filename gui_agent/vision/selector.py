"""What words name on the screen, as a plain value, and which match they mean on a snapshot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gui_agent.errors import Ambiguous, NotFound
from gui_agent.vision.grounder import Match, Matches
from gui_agent.vision.regions import Region, Window
from gui_agent.vision.snapshot import Snapshot
from molmo_act.errors import InputError

SHOWN_CANDIDATES = 5
LAST = -1
"""The index of the last of several."""


@dataclass(frozen=True)
class Selector:
    """Words that name one thing on the screen. It holds no coordinates: each use looks anew.

    Attributes:
        query: The words.
        region: Where to look; None for all that the desktop looks at.
        index: Which of several, 0-based in the order of the model's answer, `LAST` for the last; None where
            there must be one.
        neighbor: What the meant one of several is nearest to.
        within: Where matches count; what lies elsewhere is seen by the model, and left out.

    Raises:
        InputError: The query is not text, or the region is not a region.
    """

    query: str
    region: Region | None = None
    index: int | None = None
    neighbor: Selector | None = None
    within: Region | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.query, str):
            raise InputError(
                f"The query is {self.query!r}; expected words such as 'the Save button', or a locator."
            )
        for region in (self.region, self.within):
            if region is not None and not isinstance(region, Region):
                raise InputError(
                    f"The region is {region!r}; expected Area(left, top, width, height), "
                    "desktop.window('title') or desktop.screen(1)."
                )

    def windows(self) -> list[Window]:
        """Lists the windows that what is meant must be in, or a part of."""
        return [region for region in (self.region, self.within) if isinstance(region, Window)]

    def nth(self, index: int) -> Selector:
        """Makes a selector of one of several matches.

        Args:
            index: 0-based, in the order of the model's answer; `LAST` for the last.

        Returns:
            The selector.

        Raises:
            InputError: The index is no whole number, or below `LAST`.
        """
        if isinstance(index, bool) or not isinstance(index, int) or index < LAST:
            raise InputError(f"nth({index!r}) was given; indices start at 0, and -1 is the last.")
        return replace(self, index=index, neighbor=None)

    def near(self, other: Selector) -> Selector:
        """Makes a selector of the match that is nearest to something else.

        Args:
            other: Names the other thing.

        Returns:
            The selector.
        """
        return replace(self, neighbor=other, index=None)

    def inside(self, region: Region) -> Selector:
        """Makes a selector of the same words in a part of the screen; the model sees nothing else.

        Args:
            region: The part of the screen.

        Returns:
            The selector.

        Raises:
            InputError: The region is not a region.
        """
        return replace(self, region=region)

    def filter(
        self,
        has_text: str | None = None,
        has_not_text: str | None = None,
        within: Region | None = None,
    ) -> Selector:
        """Makes a selector of fewer things: those that also fit what is given here.

        Args:
            has_text: A text that it shows, which the model is asked for in the same words.
            has_not_text: A text that it does not show.
            within: Where it lies; the model still sees the rest.

        Returns:
            The selector.

        Raises:
            InputError: Nothing was given, a text is none or empty, or the region is not a region.
        """
        if has_text is has_not_text is within is None:
            raise InputError("filter() was called without anything; give has_text, has_not_text or within.")
        query = self.query
        for name, text, words in (
            ("has_text", has_text, "with the text"),
            ("has_not_text", has_not_text, "without the text"),
        ):
            if text is None:
                continue
            if not isinstance(text, str) or not text.strip():
                raise InputError(f"{name} is {text!r}; give a text that is shown.")
            query = f'{query} {words} "{text}"'
        return replace(self, query=query, within=self.within if within is None else within)

    def ground(self, snapshot: Snapshot) -> Matches:
        """Finds everything that fits the words, where it counts.

        Args:
            snapshot: Where to look.

        Returns:
            The matches.

        Raises:
            NotFound: There is no such window.
            Ambiguous: Several windows have that title.
            InputError: A region is off screen, or there is no such monitor.
            QueryError: The query is empty or too long.
        """
        matches = snapshot.ground(self.query, self.region)
        return matches if self.within is None else matches.within(snapshot.area(self.within))

    def choose(self, snapshot: Snapshot, min_score: float) -> Match:
        """Finds the one match that is meant.

        Args:
            snapshot: Where to look.
            min_score: Matches of a lower score do not count as one of several. The best match is returned
                even where its score is lower.

        Returns:
            The match.

        Raises:
            NotFound: Nothing matches, or there are fewer matches than the index asks for.
            Ambiguous: Several things match about equally well.
            InputError: The region is off screen, or there is no such monitor.
            QueryError: The query is empty or too long.
        """
        matches = self.ground(snapshot)
        if not matches.all:
            raise NotFound(
                f"Nothing on the screen matches {self.query!r} (absent with probability "
                f"{matches.points.absent:.2f}). Check that it is visible, or name it in other words; "
                "small models know English only."
            )
        acceptable = matches.acceptable(min_score)
        if self.index is not None:
            return self._nth_of(acceptable, self.index)
        if self.neighbor is not None:
            point = self.neighbor.choose(snapshot, min_score).point
            return min(acceptable or matches.likely, key=lambda match: math.dist(match.point, point))
        if len(matches.likely) > 1 and acceptable:
            raise self._ambiguous(acceptable, matches.likely)
        return max(matches.all, key=lambda match: match.score)

    def choose_all(self, snapshot: Snapshot, min_score: float) -> list[Match]:
        """Finds every match that this may mean: one at most where an index or a neighbor chooses it.

        Args:
            snapshot: Where to look.
            min_score: Matches of a lower score are left out.

        Returns:
            The matches in the order of the model's answer, which is how indices count; empty where there
            are none.

        Raises:
            NotFound: There is no such window.
            Ambiguous: Several windows have that title.
            InputError: The region is off screen, or there is no such monitor.
            QueryError: The query is empty or too long.
        """
        found = self.ground(snapshot).acceptable(min_score)
        if (self.index is None and self.neighbor is None) or not found:
            return found
        if self.index is not None:
            return found[self.index :][:1]
        try:
            return [self.choose(snapshot, min_score)]
        except NotFound:  # there is no such neighbor
            return []

    def _nth_of(self, matches: Sequence[Match], index: int) -> Match:
        if index >= len(matches):
            raise NotFound(
                f"{self.query!r} was asked for as number {index}, counted from 0, but {len(matches)} match: "
                f"{_listed(enumerate(matches)) or 'nothing'}."
            )
        return matches[index]

    def _ambiguous(self, acceptable: Sequence[Match], likely: Sequence[Match]) -> Ambiguous:
        """The error; the position of a candidate in it is the index that chooses it."""
        listed = {id(match) for match in acceptable}
        rivals = {id(match) for match in likely}
        numbered = [*acceptable, *(match for match in likely if id(match) not in listed)]
        shown = _listed((number, match) for number, match in enumerate(numbered) if id(match) in rivals)
        return Ambiguous(
            f"{self.query!r} matches {len(likely)} things about equally well: {shown}. Name it more exactly, "
            "or use first, nth, near or inside.",
            numbered,
        )


def _listed(numbered: Iterable[tuple[int, Match]]) -> str:
    shown = [f"number {number} at {match.point} scores {match.score:.2f}" for number, match in numbered]
    return ", ".join(shown[:SHOWN_CANDIDATES]) + (", …" if len(shown) > SHOWN_CANDIDATES else "")
