"""Which object a goal tracks, and when and why it ends."""

from __future__ import annotations

from types import SimpleNamespace

from molmo_act_ros.track_goal import TrackGoal


class Frame(list):
    """Stands for Tracks: a time, and objects as (id, query, score, visible)."""

    def __init__(self, timestamp: float, *objects: tuple[int, str, float, bool]) -> None:
        names = ("object_id", "query", "score", "visible")
        super().__init__(SimpleNamespace(**dict(zip(names, one, strict=True))) for one in objects)
        self.timestamp = timestamp


def mug(duration: float = 0.0) -> TrackGoal:
    return TrackGoal("mug", duration, lost_after=1.0, not_found_after=2.0, began=50.0)


def update(goal: TrackGoal, *frame, failure: str | None = None) -> tuple[int | None, str]:
    track, end = goal.update(Frame(*frame), 50.0, failure)
    return (track.object_id if track else None), (end.reason if end else "")


def test_it_takes_the_best_of_its_query_and_stays_with_it():
    goal = mug()
    assert update(goal, 0.0, (1, "cup", 0.9, True)) == (None, "")
    assert update(goal, 0.1, (2, "mug", 0.4, True), (3, "mug", 0.6, True), (4, "mug", 0.8, False)) == (
        3,
        "",
    )
    assert update(goal, 0.2, (2, "mug", 0.9, True), (3, "mug", 0.1, True)) == (3, "")
    assert goal.object_id == 3


def test_it_gives_up_what_it_never_found():
    goal = mug()
    assert [update(goal, when)[1] for when in (5.0, 6.9, 7.1)] == ["", "", "NOT_FOUND"]


def test_it_gives_up_what_is_hidden_or_gone_for_too_long():
    goal = mug()
    hidden = (3, "mug", 0.5, False)
    assert update(goal, 0.0, (3, "mug", 0.5, True)) == (3, "")
    assert update(goal, 0.9, hidden) == (3, "")
    assert update(goal, 1.0, (3, "mug", 0.5, True)) == (3, "")
    assert update(goal, 1.9, hidden) == (3, "")
    assert update(goal, 2.1) == (None, "LOST")


def test_it_succeeds_once_it_has_tracked_its_object_for_the_duration():
    goal = mug(duration=1.5)
    seen = (3, "mug", 0.5, True)
    assert [update(goal, when, seen)[1] for when in (0.0, 1.0, 1.4, 1.6)] == ["", "", "", "NONE"]
    goal = mug(duration=1.5)
    assert update(goal, 0.0, seen) == (3, "")
    assert update(goal, 0.9, (3, "mug", 0.5, False)) == (3, "")
    assert update(goal, 1.6, (3, "mug", 0.5, False)) == (3, "LOST"), "not seen for the duration"


def test_a_gap_of_the_stream_is_neither_time_without_the_object_nor_with_it():
    goal = mug()
    assert update(goal, 100.0) == (None, "")
    assert update(goal, 9000.0) == (None, ""), "the recording has jumped ahead"
    assert [update(goal, when)[1] for when in (9001.0, 9001.9, 9002.1)] == ["", "", "NOT_FOUND"]
    goal = mug(duration=1.5)
    seen = (3, "mug", 0.5, True)
    ends = [update(goal, when, seen)[1] for when in (0.0, 0.5, 500.0, 500.9, 501.1)]
    assert ends == ["", "", "", "", "NONE"]


def test_a_recording_that_starts_again_is_searched_anew():
    goal = mug()
    assert update(goal, 100.0, (3, "mug", 0.5, True)) == (3, "")
    goal.restart()
    assert update(goal, 1.0, (3, "cup", 0.5, True)) == (None, ""), "ids of the last run mean nothing"
    assert update(goal, 1.5, (4, "mug", 0.5, True)) == (4, "")
    assert update(goal, 2.3) == (None, "")
    assert update(goal, 2.6) == (None, "LOST")


def test_without_images_it_ends_by_the_clock_of_the_wall():
    goal = mug()
    assert goal.check_images(51.9) is None
    assert goal.check_images(52.1).reason == "NO_IMAGES"
    goal.update(Frame(0.0, (3, "mug", 0.5, True)), 60.0, None)
    assert goal.check_images(60.9) is None
    assert "no image that can be used came for 1.1 s" in goal.check_images(61.1).message


def test_a_model_that_fails_has_a_reason_of_its_own():
    goal = mug()
    for when in (0.0, 1.5):
        assert update(goal, when, failure="RuntimeError: out of memory") == (None, "")
    _, end = goal.update(Frame(2.1), 50.0, "RuntimeError: out of memory")
    assert (end.reason, "out of memory" in end.message) == ("MODEL_FAILED", True)
