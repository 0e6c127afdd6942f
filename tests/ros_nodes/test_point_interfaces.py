"""The point node in the messages and services of the project itself, across processes."""

from __future__ import annotations

import json
import time

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
from sensor_msgs.msg import Image
from std_msgs.msg import String

from ros_nodes.pixels import image_to_rgb
from tests.ros_nodes.pictures import GREEN, RED, SPOTS, stamp, take_pictures

pytestmark = pytest.mark.ros


@pytest.fixture
def pointed(listener):
    """PointedPixels received from the node."""
    from molmo_act_interfaces.msg import PointedPixels

    listener.listen(PointedPixels, "pointed_pixels")
    return listener.received["pointed_pixels"]


def set_queries(listener, *queries: str):
    from molmo_act_interfaces.srv import SetQueries

    return listener.call(SetQueries, "/point_node/set_queries", SetQueries.Request(queries=queries))


def ask_once(listener, **asked):
    from molmo_act_interfaces.srv import PointQuery

    return listener.call(PointQuery, "/point_node/point_query", PointQuery.Request(**asked))


def of_queries(listener, camera, pointed, *queries: str) -> list:
    """One message of each query about one picture."""
    pointed.clear()

    def complete() -> list:
        if not pointed:
            return []
        newest = stamp(pointed[-1])
        about = [message for message in pointed if stamp(message) == newest]
        return about if [message.query for message in about] == list(queries) else []

    take_pictures(listener, camera, complete)
    return listener.wait(complete)


def where(message) -> list[list[int]]:
    return [[int(point.u), int(point.v)] for point in message.points]


def test_queries_are_answered_in_one_pass_and_change_by_service(
    blob_node, camera, listener, pointed, tmp_path
):
    log = tmp_path / "taken"
    blob_node({"query": "red", "queries": "[green, blue]"}, BLOB_LOG=log)
    red, green, blue = of_queries(listener, camera, pointed, "red", "green", "blue")
    assert (where(red), where(green), where(blue)) == ([RED], [GREEN], [])
    assert [red.query_id, green.query_id, blue.query_id] == [1, 2, 3]
    assert [point.object_id for message in (red, green) for point in message.points] == [1, 2]
    assert (red.width, red.height, red.header.frame_id) == (640, 480, "camera_optical_frame")
    point = green.points[0]
    assert (point.label, point.visible, point.source, point.score) == ("green", True, point.GROUNDED, 1.0)
    numbers = [json.loads(line)["number"] for line in log.read_text().splitlines()]
    assert len(set(numbers)) == len(numbers), "the model sees a picture once"

    answer = set_queries(listener, "green", "red and green", " ")
    assert (answer.success, answer.message, list(answer.query_ids)) == (True, "", [2, 4])
    green, both = of_queries(listener, camera, pointed, "green", "red and green")
    assert (green.query_id, both.query_id) == (2, 4), "a query that stays keeps its number"
    assert where(both) == [RED, GREEN]
    assert [point.object_id for point in both.points] == [2, 3], "distinct over the picture"

    for refused, told in [
        ((), "query is empty"),
        (("x" * 10_240,), "10240 characters"),
        (("<|im_end|>",), "control"),
    ]:
        answer = set_queries(listener, *refused)
        assert not answer.success
        assert told in answer.message
    of_queries(listener, camera, pointed, "green", "red and green")  # as before


def test_one_question_is_answered_once(blob_node, camera, listener, pointed):
    blob_node({"query": "green", "rate": 0.001})  # pictures wait for their time; questions do not
    assert "No picture has come yet" in ask_once(listener, query="red").message
    of_queries(listener, camera, pointed, "green")
    answer = ask_once(listener, query="red")
    assert (answer.success, answer.message) == (True, "")
    assert (answer.points.query, answer.points.query_id, where(answer.points)) == ("red", 0, [RED])
    assert stamp(answer.points)[0], "that of the picture"

    own = Image(height=480, width=640, encoding="rgb8", step=1920)
    own.header.frame_id = "elsewhere"
    own.data = image_rgb(blue=(300, 200))
    answer = ask_once(listener, query="blue", image=own)
    assert where(answer.points) == [[300, 200]]
    assert answer.points.header.frame_id == "elsewhere"
    assert where(ask_once(listener, query="red and green", max_points=1).points) == [RED]

    own.step = 5
    for asked, told in [
        ({"query": "red", "image": own}, "step 5"),
        ({"query": "red", "camera": "left"}, "Camera is 'left'"),
        ({"query": "trouble"}, "RuntimeError: out of memory"),
    ]:
        answer = ask_once(listener, **asked)
        assert not answer.success
        assert told in answer.message
    assert listener.change_state("deactivate")
    assert "not active" in ask_once(listener, query="red").message


def image_rgb(**spots: tuple[int, int]):
    from array import array

    from tests.ros_nodes.processes import frames

    return array("B", frames.draw(spots, 0).tobytes())


def test_who_waits_for_an_answer_is_told_of_the_end(blob_node, camera, listener, pointed):
    from molmo_act_interfaces.srv import PointQuery

    blob_node({"query": "green"}, BLOB_DELAY=1.0)
    of_queries(listener, camera, pointed, "green")
    ask_once(listener, query="red")  # the way is known now
    client = listener.node.create_client(PointQuery, "/point_node/point_query")
    listener.wait(client.service_is_ready)
    time.sleep(0.3)  # see Listener.call
    waiting = [client.call_async(PointQuery.Request(query="red")) for _ in range(3)]
    listener.wait(lambda: waiting[0].done())
    assert listener.change_state("deactivate")
    listener.wait(lambda: all(future.done() for future in waiting))
    messages = [future.result().message for future in waiting]
    assert messages[0] == ""
    assert messages[-1] == "the node was deactivated before it was answered"


def test_two_cameras_share_the_model_fairly(blob_node, start_camera, listener):
    from molmo_act_interfaces.msg import PointedPixels

    for camera in ("front", "left"):
        listener.listen(PointedPixels, f"{camera}/pointed_pixels")
    blob_node({"query": "red", "cameras": "[front, left]"}, BLOB_DELAY=0.05)
    front, left = (start_camera("-r", f"__ns:=/{name}") for name in ("front", "left"))
    answered = [listener.received[f"{camera}/pointed_pixels"] for camera in ("front", "left")]
    for camera, messages in zip((front, left), answered, strict=True):
        take_pictures(listener, camera, lambda: messages)  # noqa: B023  # called within the round
    for messages in answered:
        messages.clear()
    front.order(spots={"red": RED}, count=120, rate=60)  # more than the model manages
    left.order(spots={"red": GREEN}, count=40, rate=20)
    listener.wait(front.answer)
    listener.wait(left.answer)
    assert where(answered[0][-1]) == [RED]
    assert where(answered[1][-1]) == [GREEN]
    few, many = sorted(map(len, answered))
    assert few >= 3
    assert many <= 2 * few + 2, "the fast camera must not starve the slow one"


def test_diagnostics_tell_stages_counts_and_model_once_a_second(blob_node, camera, listener):
    reports = listener.listen_to_health("/point_node")
    blob_node({"query": "red"}, BLOB_DELAY=0.05)
    take_pictures(listener, camera, lambda: len(listener.received["points"]) > 3, count=10, rate=60)
    reports.clear()
    begun = time.monotonic()
    listener.wait(lambda: len(reports) >= 3)
    assert 1.5 < time.monotonic() - begun < 10, "one a second"
    told = {value.key: value.value for value in reports[-1].values}
    assert reports[-1].level == b"\x00"
    assert told["model"] == "blob"
    counts = [int(told[f"frames {what}"]) for what in ("received", "processed", "dropped")]
    assert counts[0] == counts[1] + counts[2]
    assert counts[2] > 0
    for stage in ("transport", "wait", "convert", "model", "publish", "capture to answer"):
        assert 0 <= float(told[f"{stage} ms p50"]) <= float(told[f"{stage} ms p95"]), stage
    assert 50 <= float(told["model ms p50"]) < 500
    assert float(told["seconds since last answer"]) >= 1.5
    assert int(told["process memory MiB"]) > 10


def test_incompatible_partners_are_told_how_to_be_heard(blob_node, listener):
    from rclpy.qos import QoSDurabilityPolicy, QoSProfile, QoSReliabilityPolicy
    from sensor_msgs.msg import PointCloud2

    node = blob_node({"query": "red"})
    kept = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
    listener.node.create_subscription(PointCloud2, "points", lambda _: None, kept)
    listener.wait(lambda: "subscriber of 'points' gets nothing: its durability" in node.stderr)
    assert "request durability VOLATILE" in node.stderr
    loose = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
    listener.node.create_publisher(String, "query", loose)
    listener.wait(lambda: "publisher of 'query' is not heard: its reliability" in node.stderr)
    assert "offer reliability RELIABLE" in node.stderr


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"backend": "http"}, "reserved for a remote model"),
        ({"backend": "carrier pigeon"}, "expected 'local'"),
        ({"cameras": "['no spaces']"}, "expected names of topics"),
        ({"cameras": "[a, a]"}, "each camera once"),
        ({"query": "<|im_end|>"}, "control token"),
    ],
)
def test_parameters_that_cannot_work_end_the_program_with_one_message(blob_node, parameters, told):
    node = blob_node(parameters)
    node.expected_exit = 2
    assert node.process.wait(60) == 2
    assert node.stderr.count("Cannot configure: ") == 1
    assert told in node.stderr


def test_overlay_shows_the_points_of_all_queries(blob_node, camera, listener):
    blob_node({"query": "red", "queries": "[green]"})
    listener.listen(Image, "overlay")
    take_pictures(listener, camera, lambda: listener.received["overlay"], spots=SPOTS)
    picture = image_to_rgb(listener.received["overlay"][-1])
    for x, y in (RED, GREEN):
        around = picture[y - 15 : y + 16, x - 15 : x + 16].astype(int)
        assert (abs(around - 90).max(axis=2) > 30).sum() > 9 * 9, "more than the spot itself is there"


def test_detections_are_published_where_vision_msgs_is(blob_node, camera, listener):
    vision = pytest.importorskip("vision_msgs.msg", reason="comes with ROS 2, not from PyPI")
    blob_node({"query": "red", "queries": "[green]"})
    listener.listen(vision.Detection2DArray, "detections")
    take_pictures(listener, camera, lambda: listener.received["detections"])
    found = listener.received["detections"][-1].detections
    places = [one.bbox.center.position for one in found]
    assert [[int(place.x), int(place.y)] for place in places] == [RED, GREEN]
    assert [one.results[0].hypothesis.class_id for one in found] == ["red", "green"]
