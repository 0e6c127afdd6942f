"""Lets queries rest that the model fails on, so that they do not cost every keyframe another call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

LONGEST_REST = 64
"""Keyframes for which a query that keeps failing is left out, at most."""


class FailingQueries:
    """Chooses which queries a keyframe asks: one that failed beside others rests for 1, 2, 4 … keyframes.

    A query that fails alone never rests: then nothing is known of the others, and nothing is saved.
    """

    def __init__(self) -> None:
        self._rests: dict[str, tuple[int, int]] = {}  # keyframes of the next rest, and those left now
        self._errors: dict[str, Exception] = {}

    @property
    def errors(self) -> dict[str, Exception]:
        """What the model raised for each query on which it failed the last time that it was asked."""
        return dict(self._errors)

    def due(self, queries: Sequence[str], *, every: bool = False) -> tuple[str, ...]:
        """Chooses the queries of the next keyframe, and counts it.

        Args:
            queries: What is looked for.
            every: Whether all are wanted, as when a caller asks for a grounding.

        Returns:
            Those that do not rest; all, if all would.
        """
        asked = []
        for query in queries:
            following, left = self._rests.get(query, (1, 0))
            if left and not every:
                self._rests[query] = following, left - 1
            else:
                asked.append(query)
        return tuple(asked or queries)

    def note(self, answered: Collection[str], failed: Mapping[str, Exception]) -> None:
        """Takes down how the queries of a keyframe went.

        Args:
            answered: Those that the model answered; they are asked again at once.
            failed: Those that it failed on, with what it raised.
        """
        for query in answered:
            self.forget(query)
        self._errors.update(failed)
        for query in failed:
            rest, _ = self._rests.get(query, (1, 0))
            self._rests[query] = min(2 * rest, LONGEST_REST), rest

    def forget(self, query: str) -> None:
        """Forgets a query that is not looked for any more.

        Args:
            query: The query.
        """
        self._rests.pop(query, None)
        self._errors.pop(query, None)
