"""All objects that are followed: how they move, which sighting is which, who appears and who is forgotten.

Knows no worker and no clock of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np

from molmo_act.tracking.association import Candidate, associate
from molmo_act.tracking.followed import Followed
from molmo_act.tracking.frames import FlowFrame
from molmo_act.tracking.grounding import Grounding, Sighting
from molmo_act.tracking.propagation import Carried, carry, find_again
from molmo_act.tracking.settings import DOUBT, SEARCH, TrackerSettings


class FollowedObjects:
    """The objects of one tracker. No number is given twice, also after `clear`.

    Args:
        settings: How many there may be, and how long they are remembered.
    """

    def __init__(self, settings: TrackerSettings) -> None:
        self._settings = settings
        self._objects: dict[int, Followed] = {}
        self._expected: dict[int, Candidate] = {}  # where they were on the keyframe that is worked on
        self._most_at_once: Counter[str | None] = Counter()  # sightings of a query on one keyframe
        self._last_id = 0

    def __iter__(self) -> Iterator[Followed]:
        return iter(self._objects.values())

    def __len__(self) -> int:
        return len(self._objects)

    def make_room(self) -> bool:
        """Whether there is room for another; for it, what has been lost longest may be forgotten."""
        followed = [one for one in self if not one.dismissed]
        if len(followed) < self._settings.max_objects:
            return True
        lost = [(one.confirmed, one.lost_at, one.object_id) for one in followed if one.lost_at is not None]
        if lost:
            del self._objects[min(lost)[-1]]
        return bool(lost)

    def shown(self) -> list[Followed]:
        """What is heard of: not what was dismissed, and not what was seen once and never again."""
        return [one for one in self if not one.dismissed and (one.confirmed or one.visible)]

    def in_doubt(self, now: float) -> bool:
        """Whether the model had better look again soon."""
        wanted = (one for one in self if one.query is not None and not one.dismissed)
        return any(
            one.carried.likeness < DOUBT if one.visible else one.lost_for(now) < SEARCH for one in wanted
        )

    # --- frames -----------------------------------------------------------------------------------------

    def move(self, before: FlowFrame, newest: FlowFrame) -> None:
        """Carries what is visible from one frame to the next, and looks around for what was just lost."""
        moving = [one for one in self if one.visible]
        moved = carry(before, newest, [one.carried for one in moving])
        for one, place in zip(moving, moved, strict=True):
            one.move(place, before.timestamp, newest.timestamp)
        for one in self:
            # What the model does not see any more is not there, whatever flow takes for it.
            given_up = one.misses >= self._settings.patience
            if not one.visible and one.lost_for(newest.timestamp) < SEARCH and not given_up:
                others = [other.carried for other in self if other.visible]
                one.find(find_again(newest, one.carried, *one.surroundings(newest.timestamp), others))

    def forget_lost(self, now: float) -> None:
        """Forgets what has been lost for too long."""
        self._objects = {one.object_id: one for one in self if one.lost_for(now) <= self._settings.memory}

    # --- what the model sees ----------------------------------------------------------------------------

    def expect(self, now: float) -> None:
        """Keeps where the model should see each object on the frame of this moment, until it has answered."""
        self._expected = {one.object_id: one.expected(now) for one in self if one.query is not None}

    def merge(self, found: Grounding, queries: Collection[str], now: float) -> int:
        """Takes what the model saw on the keyframe for which `expect` was called.

        Args:
            found: Its answer, carried to the newest frame.
            queries: What is still looked for.
            now: Seconds of the newest frame.

        Returns:
            How many things there was no room for.
        """
        then = found.keyframe.frame.timestamp
        self._most_at_once |= Counter(one.query for one in found.sightings if one.query in queries)
        expected = {
            number: replace(known, only=self._is_only(self._objects[number]))
            for number, known in self._expected.items()
            if number in self._objects
        }
        numbers = list(expected)
        seen = [Candidate(one.query, one.then.xy, one.then.look, one.features) for one in found.sightings]
        pairs = associate(seen, list(expected.values()))
        for index, place in pairs:
            self._objects[numbers[place]].see(found.sightings[index], then)
        matched = {numbers[place] for _, place in pairs}
        for number in numbers:
            if number not in matched:
                self._miss(self._objects[number], found, matched, now)
        taken = {index for index, _ in pairs}
        new = [
            one
            for index, one in enumerate(found.sightings)
            if index not in taken and one.query in queries and one.now is not None
        ]
        return sum(self._appear(one, then) is None for one in new)

    def _is_only(self, one: Followed) -> bool:
        """Whether whatever its query names is this one; what was removed stands for nothing but itself."""
        return self._most_at_once[one.query] <= 1 and not one.dismissed

    def _miss(self, one: Followed, found: Grounding, matched: set[int], now: float) -> None:
        """The model looked for an object and did not see it, or sees only one where two were followed."""
        if one.query not in found.keyframe.queries or not one.visible:
            return
        others = (self._objects[number] for number in matched)
        doubled = any(
            other.query == one.query
            and other.visible
            and np.linalg.norm(other.carried.xy - one.carried.xy) < other.carried.radius
            for other in others
        )
        then = found.keyframe.frame.timestamp
        if then - one.missed_at >= 1 / self._settings.rate - 1e-6:  # looks behind one another err alike
            one.misses, one.missed_at = one.misses + 1, then
        if doubled:
            del self._objects[one.object_id]
        elif one.misses >= self._settings.patience or not one.confirmed:
            one.misses, one.lost_at = self._settings.patience, now

    def _appear(self, sighting: Sighting, then: float) -> int | None:
        """A new object; its number, or None where there is no room."""
        assert sighting.now is not None
        if not self.make_room():
            return None
        return self._add(sighting.query, sighting.now, sighting.score, then, sighting.features)

    # --- what people say --------------------------------------------------------------------------------

    def add_point(self, place: Carried, now: float) -> int:
        """Follows a point that a person gave; its number. `make_room` has to be asked first."""
        number = self._add(None, place, 1.0, now)
        self._objects[number].confirmed = True
        return number

    def dismiss(self, number: int) -> None:
        """Is silent about an object. One with a query is still followed, lest it come back as a new one.

        Raises:
            KeyError: There is no such object, or it was dismissed before.
        """
        one = self._objects[number]
        if one.dismissed:
            raise KeyError(number)
        if one.query is None:
            del self._objects[number]
        else:
            one.dismissed = True

    def remove_query(self, query: str) -> None:
        """Forgets a query's objects, and how many there were."""
        del self._most_at_once[query]
        self._objects = {one.object_id: one for one in self if one.query != query}

    def clear(self) -> None:
        """Forgets all objects; numbers go on."""
        self._objects.clear()
        self._expected.clear()
        self._most_at_once.clear()

    def _add(
        self,
        query: str | None,
        place: Carried,
        score: float,
        seen_at: float,
        features: np.ndarray | None = None,
    ) -> int:
        self._last_id += 1
        self._objects[self._last_id] = Followed(self._last_id, query, place, score, seen_at, features)
        return self._last_id
