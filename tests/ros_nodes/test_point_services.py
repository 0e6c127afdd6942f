"""A question that waits for its answer; the services are tested across processes in test_point_interfaces."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.point_services import PointRequest
from sensor_msgs.msg import Image


def request() -> PointRequest:
    return PointRequest("mug", Image(), None, 0.0)


def test_a_question_gets_its_answer_or_the_error():
    asked = request()
    asked.answer_with(lambda each: (each.query, "found"))
    assert asked.answer.result() == ("mug", "found")
    failed = request()

    def fail(each: PointRequest) -> None:
        raise ValueError("no")

    failed.answer_with(fail)
    assert isinstance(failed.answer.exception(), ValueError)


def test_a_question_that_was_cancelled_is_not_worked_on():
    cancelled = request()
    cancelled.answer.cancel()
    worked: list[PointRequest] = []
    cancelled.answer_with(worked.append)
    assert not worked
