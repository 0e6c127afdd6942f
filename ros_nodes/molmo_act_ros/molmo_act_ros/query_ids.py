"""Numbers of queries: each keeps its own as long as it is asked."""

from __future__ import annotations

from collections.abc import Iterable


class QueryIds:
    """Numbers queries from 1 on, and never gives a number twice.

    Attributes:
        current: Number of each query that is asked now, in their order; a new mapping after every update.
    """

    def __init__(self) -> None:
        self.current: dict[str, int] = {}
        self._last = 0

    def update(self, queries: Iterable[str]) -> dict[str, int]:
        """Takes the queries that are asked from now on.

        Args:
            queries: In words.

        Returns:
            What `current` is now.
        """
        numbers = {}
        for query in queries:
            if query not in self.current:
                self._last += 1
            numbers[query] = self.current.get(query, self._last)
        self.current = numbers
        return numbers
