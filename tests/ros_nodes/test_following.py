"""Which object a goal follows, and when it gives up."""

from __future__ import annotations

from types import SimpleNamespace

from ros_nodes.following import LOST, NOT_FOUND, Follower


class Frame(list):
    """Stands for Tracks: a time, and objects as (id, query, score, visible)."""

    def __init__(self, timestamp: float, *objects: tuple[int, str, float, bool]) -> None:
        names = ("object_id", "query", "score", "visible")
        super().__init__(SimpleNamespace(**dict(zip(names, one, strict=True))) for one in objects)
        self.timestamp = timestamp


def look(follower: Follower, *frame) -> tuple[int | None, str]:
    track, over = follower.look(Frame(*frame))
    return (track.object_id if track else None), over


def test_it_takes_the_best_of_its_query_and_stays_with_it():
    follower = Follower("mug", 1.0, 2.0)
    assert look(follower, 0.0, (1, "cup", 0.9, True)) == (None, "")
    assert look(follower, 0.1, (2, "mug", 0.4, True), (3, "mug", 0.6, True), (4, "mug", 0.8, False)) == (
        3,
        "",
    )
    assert look(follower, 0.2, (2, "mug", 0.9, True), (3, "mug", 0.1, True)) == (3, "")
    assert follower.object_id == 3


def test_it_gives_up_what_it_never_found():
    follower = Follower("mug", 1.0, 2.0)
    assert [look(follower, when)[1] for when in (5.0, 6.9, 7.1)] == ["", "", NOT_FOUND]


def test_it_gives_up_what_is_hidden_or_gone_for_too_long():
    follower = Follower("mug", 1.0, 2.0)
    hidden = (3, "mug", 0.5, False)
    assert look(follower, 0.0, (3, "mug", 0.5, True)) == (3, "")
    assert look(follower, 0.9, hidden) == (3, "")
    assert look(follower, 1.0, (3, "mug", 0.5, True)) == (3, "")
    assert look(follower, 1.9, hidden) == (3, "")
    assert look(follower, 2.1) == (None, LOST)


def test_a_recording_that_starts_again_is_no_loss():
    follower = Follower("mug", 1.0, 2.0)
    look(follower, 100.0, (3, "mug", 0.5, True))
    assert look(follower, 1.0) == (None, "")
    assert look(follower, 2.1) == (None, LOST)
