"""What the action rejects and whom it tells of the end; goals run across processes in test_track_node."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
from molmo_act_interfaces.action import TrackObject
from molmo_act_ros.model_node import ModelNode
from molmo_act_ros.track_action import RunningGoal, TrackAction
from molmo_act_ros.track_goal import TrackGoal
from rclpy.action import GoalResponse

from molmo_act.errors import InputError

pytestmark = pytest.mark.ros


@pytest.fixture
def action(ros):
    def check(query: str) -> None:
        if not query:
            raise InputError("Query is empty.")

    node = ModelNode(lambda options: None, "acting", "acting")
    action = TrackAction(
        node, TrackObject, check_query=check, limits=lambda: (3.0, 15.0), update_queries=lambda: None
    )
    action.node = node
    yield action
    action.destroy()
    node.destroy_node()


@pytest.mark.parametrize(
    ("goal", "told"),
    [
        ({"query": "mug", "duration": 2.0}, None),
        ({"query": " mug "}, None),
        ({"query": " "}, "Query is empty"),
        ({"query": "mug", "duration": -1.0}, "duration is -1.0"),
        ({"query": "mug", "duration": math.nan}, "duration is nan"),
        ({"query": "mug", "duration": math.inf}, "duration is inf"),
    ],
)
def test_goals_that_cannot_be_worked_on_are_rejected_with_a_reason_in_the_log(action, goal, told):
    answer = action._check_goal(TrackObject.Goal(**goal))
    assert answer == (GoalResponse.ACCEPT if told is None else GoalResponse.REJECT)
    assert (told or "working") in action.node.diagnostics.summary()[1]


def test_all_who_wait_are_told_of_the_end_once(action):
    running = [RunningGoal(TrackGoal(query, 0.0, 3.0, 15.0, 0.0), None) for query in ("mug", "cup", "cat")]
    running[1].goal.object_id = 7
    action._goals.extend(running)
    assert action.queries == ["mug", "cup", "cat"]
    action.end_of_object(7)
    assert action.queries == ["mug", "cat"]
    assert running[1].ended.result().message == "the object was removed by another client"
    told = action.end_all("the node ends")
    assert [one.ended.result().message for one in (running[0], running[2])] == ["the node ends"] * 2
    assert [one.done() for one in told] == [False, False], "the action tells the clients next"
    assert action.end_all("the node ends") == []
    action._check_images()
