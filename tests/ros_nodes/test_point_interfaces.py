"""The point node in the messages and services of the project itself, across processes."""

from __future__ import annotations

import json
import time

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
from sensor_msgs.msg import Image
from std_msgs.msg import String

from tests.ros_nodes.camera_images import GREEN, RED, stamp, take_images

pytestmark = pytest.mark.ros


@pytest.fixture
def pointed(listener):
    """PointedPixels received from the node."""
    return listener.received["pointed_pixels"]


def set_queries(listener, *queries: str):
    from molmo_act_interfaces.srv import SetQueries

    return listener.call(SetQueries, "/point_node/set_queries", SetQueries.Request(queries=queries))


def ask_once(listener, **asked):
    from molmo_act_interfaces.srv import PointQuery

    return listener.call(PointQuery, "/point_node/point_query", PointQuery.Request(**asked))


def of_queries(listener, camera, pointed, *queries: str):
    """The message about one image that answers these queries."""
    pointed.clear()

    def complete():
        return next((m for m in pointed if [each.query for each in m.queries] == list(queries)), None)

    take_images(listener, camera, complete)
    return listener.wait(complete)


def where(message, query: str | None = None) -> list[list[int]]:
    points = [point for point in message.points if query in (None, point.label)]
    return [[round(point.u), round(point.v)] for point in points]


def test_queries_are_answered_in_one_pass_and_change_by_service(
    blob_node, camera, listener, pointed, tmp_path
):
    log = tmp_path / "taken"
    blob_node({"query": "red", "queries": "[green, blue]"}, BLOB_LOG=log)
    found = of_queries(listener, camera, pointed, "red", "green", "blue")
    assert [where(found, query) for query in ("red", "green", "blue")] == [[RED], [GREEN], []]
    assert [each.query_id for each in found.queries] == [1, 2, 3]
    assert [(point.object_id, point.query_id) for point in found.points] == [(1, 1), (2, 2)]
    assert (found.width, found.height, found.header.frame_id) == (640, 480, "camera_optical_frame")
    assert found.node == "/point_node"
    point = found.points[1]
    assert (point.label, point.visible, point.source, point.score) == ("green", True, point.GROUNDED, 1.0)
    numbers = [json.loads(line)["number"] for line in log.read_text().splitlines()]
    assert len(set(numbers)) == len(numbers), "the model sees an image once"

    answer = set_queries(listener, "green", "red and green", " ")
    assert (answer.success, answer.message, list(answer.query_ids)) == (True, "", [2, 4])
    found = of_queries(listener, camera, pointed, "green", "red and green")
    assert [each.query_id for each in found.queries] == [2, 4], "a query that stays keeps its number"
    assert where(found, "red and green") == [RED, GREEN]
    assert [point.object_id for point in found.points] == [1, 2, 3], "distinct over the image"

    for refused, told in [
        ((), "query is empty"),
        (("x" * 10_240,), "10240 characters"),
        (("<|im_end|>",), "control"),
        ([f"query {number}" for number in range(65)], "65 queries; expected at most 64"),
    ]:
        answer = set_queries(listener, *refused)
        assert not answer.success
        assert told in answer.message
    of_queries(listener, camera, pointed, "green", "red and green")  # as before


def test_one_question_is_answered_once(blob_node, camera, listener, pointed):
    blob_node({"query": "green", "rate": 0.001})  # images wait for their time; questions do not
    assert "No image has come yet" in ask_once(listener, query="red").message
    of_queries(listener, camera, pointed, "green")
    answer = ask_once(listener, query="red")
    assert (answer.success, answer.message) == (True, "")
    (asked,) = answer.points.queries
    assert (asked.query, asked.query_id, where(answer.points)) == ("red", 0, [RED])
    assert stamp(answer.points)[0], "that of the image"

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

    blob_node({"query": "green", "max_age": 0}, BLOB_DELAY=1.0)
    of_queries(listener, camera, pointed, "green")
    ask_once(listener, query="red")  # the way is known now
    client = listener.node.create_client(PointQuery, "/point_node/point_query")
    listener.wait(client.service_is_ready)
    listener.settle("/point_node")
    waiting = [client.call_async(PointQuery.Request(query="red")) for _ in range(6)]
    listener.wait(lambda: waiting[0].done())
    assert listener.change_state("deactivate")
    listener.wait(lambda: all(future.done() for future in waiting))
    messages = [future.result().message for future in waiting]
    assert messages[0] == ""
    assert messages[-1] == "the node was deactivated before it was answered"


def test_questions_without_end_do_not_keep_the_camera_waiting(blob_node, camera, listener, pointed):
    """Four clients that always have one outstanding: not one image was answered."""
    from molmo_act_interfaces.srv import PointQuery

    blob_node({"query": "green", "max_age": 0}, BLOB_DELAY=0.1)
    of_queries(listener, camera, pointed, "green")
    ask_once(listener, query="red")  # the way is known now
    client = listener._clients["/point_node/point_query"]
    waiting = [client.call_async(PointQuery.Request(query="red")) for _ in range(4)]
    answered = 0

    def go_on() -> bool:
        nonlocal answered, waiting
        done = [future for future in waiting if future.done()]
        answered += len(done)
        again = [client.call_async(PointQuery.Request(query="red")) for _ in done]
        waiting = [future for future in waiting if not future.done()] + again
        return len(pointed) >= 5 and answered >= 5

    pointed.clear()
    take_images(listener, camera, go_on, count=3, rate=30)
    listener.wait(go_on)
    assert answered <= 3 * len(pointed) + 4, "and they take turns"
    listener.wait(lambda: all(future.done() for future in waiting))


def test_two_cameras_share_the_model_fairly(blob_node, start_camera, listener):
    from molmo_act_interfaces.msg import PointedPixels

    for camera in ("front", "left"):
        listener.listen(PointedPixels, f"{camera}/pointed_pixels")
    blob_node({"query": "red", "cameras": "[front, left]"}, BLOB_DELAY=0.05)
    front, left = (start_camera("-r", f"__ns:=/{name}") for name in ("front", "left"))
    answered = [listener.received[f"{camera}/pointed_pixels"] for camera in ("front", "left")]
    for camera, messages in zip((front, left), answered, strict=True):
        take_images(listener, camera, lambda: messages)  # noqa: B023  # called within the round
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
    blob_node({"query": "red", "input_timeout": 0}, BLOB_DELAY=0.05)
    take_images(listener, camera, lambda: len(listener.received["pointed_pixels"]) > 3, count=10, rate=60)
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
    from molmo_act_interfaces.msg import PointedPixels
    from rclpy.qos import QoSDurabilityPolicy, QoSProfile, QoSReliabilityPolicy

    node = blob_node({"query": "red"})
    kept = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
    listener.node.create_subscription(PointedPixels, "pointed_pixels", lambda _: None, kept)
    listener.wait(lambda: "subscriber of 'pointed_pixels' gets nothing: its durability" in node.stderr)
    assert "request durability VOLATILE" in node.stderr
    loose = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
    listener.node.create_publisher(String, "query", loose)
    listener.wait(lambda: "publisher of 'query' is not heard: its reliability" in node.stderr)
    assert "offer reliability RELIABLE" in node.stderr


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"backend": "http"}, "reserved for a remote model"),
        ({"backend": "carrier pigeon"}, "expected one of 'local'"),
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


def test_quality_of_service_is_changed_by_parameters(blob_node, camera, listener, pointed):
    """A query that was published before the node was there, and answers that wait for late subscribers."""
    from molmo_act_interfaces.msg import PointedPixels
    from rclpy.qos import QoSDurabilityPolicy, QoSProfile

    latched = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
    listener.node.create_publisher(String, "query", latched).publish(String(data="red"))
    transient = "transient_local"
    node = blob_node(
        {
            "qos_overrides./query.subscription.durability": transient,
            "qos_overrides./pointed_pixels.publisher.durability": transient,
        }
    )
    take_images(listener, camera, lambda: pointed)
    assert [query.query for query in pointed[-1].queries] == ["red"]
    late: list = []
    listener.node.create_subscription(PointedPixels, "pointed_pixels", late.append, latched)
    listener.wait(lambda: late)
    for transition in ("deactivate", "activate"):
        assert listener.change_state(transition)
    pointed.clear()
    take_images(listener, camera, lambda: pointed)
    assert "gets nothing" not in node.stderr


def test_what_is_latched_is_published_though_nobody_listens_yet(blob_node, camera, listener, tmp_path):
    """Answers and overlay, which are otherwise published only while there is a subscriber."""
    from molmo_act_interfaces.msg import PointedPixels
    from rclpy.qos import QoSDurabilityPolicy, QoSProfile

    log = tmp_path / "taken"
    listener.node.destroy_subscription(listener.pointed_subscription)
    topics = {"pointed_pixels": PointedPixels, "overlay": Image}
    overrides = {f"qos_overrides./{topic}.publisher.durability": "transient_local" for topic in topics}
    blob_node({"query": "red", **overrides}, BLOB_LOG=log)
    take_images(listener, camera, lambda: log.exists() and "drawn" in log.read_text())
    latched = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
    for topic, kind in topics.items():
        late: list = []
        listener.node.create_subscription(kind, topic, late.append, latched)
        listener.wait(lambda late=late: late)
