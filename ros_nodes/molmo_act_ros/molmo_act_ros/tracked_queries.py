"""Which queries the track node follows: those of its parameters, of AddObject, and of goals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from molmo_act.errors import InputError
from molmo_act_ros.conversions.points import MAX_QUERIES

if TYPE_CHECKING:
    from molmo_act import Track


class TrackedQueries:
    """Queries of three origins, of which there are at most `MAX_QUERIES` together.

    Args:
        goals: Gives the queries of the goals that run.

    Attributes:
        added: Queries of AddObject, and the ids of their objects on the last frame.
    """

    def __init__(self, goals: Callable[[], Sequence[str]]) -> None:
        self._goals = goals
        self.added: dict[str, set[int]] = {}

    def all(self, texts: Iterable[str], *more: str) -> list[str]:
        """Lists all queries, each once.

        Args:
            texts: Those of the parameters.
            *more: Others.

        Returns:
            The queries, in order.
        """
        return list(dict.fromkeys([*texts, *self.added, *self._goals(), *more]))

    def require_room(self, texts: Iterable[str], *more: str) -> None:
        """Refuses more queries than one message may hold.

        Args:
            texts: Those of the parameters.
            *more: New ones.

        Raises:
            InputError: There would be too many.
        """
        count = len(self.all(texts, *more))
        if count > MAX_QUERIES:
            raise InputError(
                f"{count} queries would be tracked: of parameters, of add_object and of goals; expected "
                f"at most {MAX_QUERIES}. Remove all objects of an added query, or object 0 for added queries "
                "without any, or publish on tracked_query."
            )

    def note(self, tracks: Iterable[Track]) -> None:
        """Notes which objects the added queries have.

        Args:
            tracks: All objects on a frame.
        """
        found: dict[str, set[int]] = {query: set() for query in list(self.added)}
        for track in tracks:
            if track.query in found:
                found[track.query].add(track.object_id)
        for query, object_ids in found.items():
            if query in self.added:
                self.added[query] = object_ids

    def remove_object(self, object_id: int) -> None:
        """Ends the added query whose last object was removed, as it would find that anew.

        Args:
            object_id: Of the object.
        """
        for query, object_ids in list(self.added.items()):
            if object_id in object_ids:
                object_ids.discard(object_id)
                if not object_ids:
                    self.added.pop(query, None)

    def remove_unfound(self) -> list[str]:
        """Ends the added queries that have no object, and could not be ended by one.

        Returns:
            The queries, in order.

        Raises:
            InputError: Every added query has an object.
        """
        ended = [query for query, object_ids in list(self.added.items()) if not object_ids]
        if not ended:
            raise InputError("There is no added query without an object. Give the id of an object to remove.")
        for query in ended:
            self.added.pop(query, None)
        return ended
