"""What nodes say while inputs are silent, doubled or old, and how they end: the robot's owner reads this."""

from __future__ import annotations

import io
import signal
import time
from array import array

import pytest
from PIL import Image as PillowImage

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
from sensor_msgs.msg import CompressedImage, Image

from tests.ros_nodes.camera_images import RED, SPOTS, stamp, take_images
from tests.ros_nodes.processes.frames import draw
from tests.ros_nodes.program import PROCESSES
from tests.ros_nodes.shared_memory import left_segments

pytestmark = pytest.mark.ros

OK, WARN, ERROR = b"\x00", b"\x01", b"\x02"


@pytest.fixture
def pointed(listener):
    """PointedPixels received from the node."""
    from molmo_act_interfaces.msg import PointedPixels

    listener.listen(PointedPixels, "pointed_pixels")
    return listener.received["pointed_pixels"]


def newest(reports: list, name: str):
    """The newest status of that name, or None."""
    return next((status for status in reversed(reports) if status.name == name), None)


def rate_of(reports: list, name: str) -> float:
    """Messages per second that the newest status of that name tells."""
    status = newest(reports, name)
    values = {} if status is None else {value.key: value.value for value in status.values}
    return float(values.get("messages per second", 0))


def wait_for_level(listener, reports: list, name: str, level: bytes, meanwhile=lambda: None):
    """Waits for a status of that name and level, and does something meanwhile; returns it."""
    reports.clear()

    def found():
        meanwhile()
        status = newest(reports, name)
        return status if status is not None and status.level == level else None

    return listener.wait(found)


@pytest.mark.slow
def test_a_camera_that_dies_is_a_warning_then_an_error_and_only_that_camera(
    blob_node, start_camera, listener
):
    from molmo_act_interfaces.msg import PointedPixels

    own, inputs = listener.listen_to_health("/point_node"), listener.listen_to_inputs("/point_node")
    node = blob_node({"cameras": "[front, left]"})
    waiting = listener.wait(lambda: newest(own, "point_node: pointing"))
    assert (waiting.level, waiting.message[:19]) == (WARN, "Waiting for a query")
    listener.ask("red")
    cameras = {name: start_camera("-r", f"__ns:=/{name}") for name in ("front", "left")}
    for name, camera in cameras.items():
        listener.listen(PointedPixels, f"{name}/pointed_pixels")
        take_images(listener, camera, lambda: listener.received[f"{name}/pointed_pixels"])  # noqa: B023
    for camera in cameras.values():
        camera.order(count=15, rate=15)

    def go_on() -> None:
        for camera in cameras.values():
            if camera.answer() is not None:
                camera.order(count=15, rate=15)

    wait_for_level(listener, inputs, "point_node: front/image", OK, go_on)
    # At first it is of the burst.
    listener.wait(lambda: go_on() or 0 < rate_of(inputs, "point_node: front/image") < 30)
    wait_for_level(listener, own, "point_node: pointing", OK, go_on)  # 5 s after the last silence
    for camera in cameras.values():
        listener.wait(camera.answer)
    cameras["front"].order(count=300, rate=15)
    died = time.monotonic()
    cameras["left"].expected_exit = -signal.SIGKILL
    cameras["left"].process.kill()
    status = wait_for_level(listener, inputs, "point_node: left/image", WARN)
    assert time.monotonic() - died < 6, "2 s without a message and a report each second; machines may be busy"
    assert "Nothing has come on '/left/image' or '/left/image/compressed' for " in status.message
    assert newest(inputs, "point_node: front/image").level == OK
    assert "'/left/image'" in wait_for_level(listener, own, "point_node: pointing", WARN).message
    status = wait_for_level(listener, inputs, "point_node: left/image", ERROR)
    assert "Nothing has come on '/left/image'" in status.message
    assert newest(inputs, "point_node: front/image").level == OK
    assert node.stderr.count("or '/left/image/compressed' for ") == 1, "once in the log"

    assert listener.set_parameter("input_timeout", 0.0).successful  # of a camera that is triggered by hand
    wait_for_level(listener, inputs, "point_node: left/image", OK)
    assert listener.change_state("deactivate")
    assert wait_for_level(listener, own, "point_node: pointing", WARN).message == "inactive"


def test_a_question_is_not_answered_about_an_old_image(blob_node, camera, listener, pointed):
    from molmo_act_interfaces.srv import PointQuery

    def ask(**asked):
        return listener.call(PointQuery, "/point_node/point_query", PointQuery.Request(query="red", **asked))

    blob_node({"query": "red"})
    take_images(listener, camera, lambda: pointed)
    ask()  # the way is known now
    while True:  # the image may get lost, and a busy machine may take a second
        taken = time.monotonic()
        camera.order(spots=SPOTS)
        listener.wait(camera.answer)
        if (answer := ask()).success:
            break
        assert "expected at most 1 s" in answer.message
    listener.wait_briefly(1.3)
    answer = ask()
    assert not answer.success
    age = float(answer.message.partition("came ")[2].partition(" s ago")[0])
    assert 1.2 < age < time.monotonic() - taken + 0.1, answer.message
    assert "expected at most 1 s" in answer.message
    assert listener.set_parameter("max_age", 60.0).successful
    answer = ask()
    assert answer.success, answer.message
    file = io.BytesIO()
    PillowImage.fromarray(draw({"red": (200, 100)}, 0)).save(file, "png")
    answer = ask(compressed_image=CompressedImage(format="png", data=array("B", file.getvalue())))
    assert [(round(p.u), round(p.v)) for p in answer.points.points] == [(200, 100)]


def test_of_two_topics_with_the_same_images_one_is_used(blob_node, camera, listener, pointed, tmp_path):
    log = tmp_path / "taken"
    node = blob_node({"query": "red"}, BLOB_LOG=log)
    take_images(listener, camera, lambda: pointed)
    take_images(listener, camera, lambda: "left out" in node.stderr, encoding="jpeg")
    pointed.clear()
    log.write_text("")
    stamps = {"rgb8": [], "jpeg": []}
    while len(pointed) < 8:
        for encoding, taken in stamps.items():
            camera.order(spots=SPOTS, encoding=encoding)
            taken += listener.wait(camera.answer)["stamps"]
            listener.wait_briefly(0.05)
    assert len(stamps["rgb8"]) <= 40, "most of them are answered"
    answered = [stamp(message) for message in pointed]
    assert not [when for when in answered if when in stamps["jpeg"]], "worked on twice"
    assert "those on '/image/compressed' are left out" in node.stderr
    listener.wait_briefly(2.5)  # the topic that was used has died
    take_images(listener, camera, lambda: stamp(pointed[-1]) not in stamps["rgb8"] and True, encoding="jpeg")


def test_fifty_queries_are_answered_for_every_image(blob_node, camera, listener, pointed):
    from molmo_act_interfaces.srv import SetQueries

    blob_node({"query": "red"})
    queries = [f"red and green#{number}" for number in range(50)]
    take_images(listener, camera, lambda: pointed)
    answer = listener.call(SetQueries, "/point_node/set_queries", SetQueries.Request(queries=queries))
    assert answer.success, answer.message
    take_images(listener, camera, lambda: [query.query for query in pointed[-1].queries] == queries)
    pointed.clear()
    stamps = take_images(listener, camera, lambda: len(pointed) > 4, count=5, rate=50)
    reports = listener.listen_to_health("/point_node")
    listener.wait(lambda: reports)
    found = [message for message in pointed if stamp(message) in stamps]
    assert len(found) >= 4, "the answer about one earlier image may have been on its way"
    for message in found:
        assert [query.query for query in message.queries] == queries
        assert len(message.points) == 100, "none is lost"


def test_an_answer_about_an_image_before_a_time_reset_is_not_published(
    blob_node, camera, listener, pointed, tmp_path
):
    log = tmp_path / "taken"
    node = blob_node({"query": "red"}, BLOB_DELAY=2.0, BLOB_LOG=log)
    take_images(listener, camera, lambda: pointed)
    for _ in range(3):
        log.write_text("")
        take_images(listener, camera, log.read_text, at=5000.0)  # the model is at work
        take_images(
            listener, camera, lambda: pointed and pointed[-1].header.stamp.sec == 100, at=100.0, spots={}
        )
        assert not [message for message in pointed if message.header.stamp.sec == 5000]
        pointed.clear()
    assert "went back by" in node.stderr


def test_a_node_ends_properly_and_leaves_nothing(start, camera, listener, pointed):
    """Though tqdm's monitor, a thread for ever, is there: the name, and the segment in shared memory, go."""
    before = left_segments()
    node = start(PROCESSES / "blob_node.py", "--ros-args", "-p", "query:=red", BLOB_PROGRESS=1)
    take_images(listener, camera, lambda: pointed)
    node.send(signal.SIGINT)
    ended = time.monotonic()
    assert node.wait() == 0
    listener.wait(lambda: "point_node" not in listener.node.get_node_names())
    assert time.monotonic() - ended < 18, "and not after the 20 s of a lease"
    assert not left_segments() - before
    assert "progress" not in node.stderr, "bars do not belong into the log of a robot"
    assert "[point_node]: hub: loaded from a cache" in node.stderr, "through ROS, as everything else"


def test_a_node_whose_model_is_busy_leaves_nothing_either(blob_node, camera, listener, tmp_path):
    before, log = left_segments(), tmp_path / "taken"
    node = blob_node({"query": "red"}, BLOB_LOG=log, BLOB_COMPUTE=60)
    take_images(listener, camera, log.exists)
    node.send(signal.SIGINT)
    assert node.wait() == 0
    listener.wait(lambda: "point_node" not in listener.node.get_node_names(), timeout=18)
    assert not left_segments() - before


@pytest.mark.slow
def test_an_executor_of_several_threads_survives_transitions_while_images_stream(
    start, camera, listener, pointed
):
    node = start(PROCESSES / "composed.py", COMPOSED_THREADS=4)
    take_images(listener, camera, lambda: pointed)
    camera.order(spots=SPOTS, count=600, rate=100)
    for _ in range(20):
        for transition in ("deactivate", "activate"):
            assert listener.change_state(transition)
    for transition in ("deactivate", "cleanup", "configure", "activate"):
        assert listener.change_state(transition)
    listener.wait(camera.answer)
    pointed.clear()
    take_images(listener, camera, lambda: pointed)
    assert node.process.poll() is None
    assert next((round(p.u), round(p.v)) for p in pointed[-1].points) == tuple(RED)


def test_stamps_of_another_clock_are_said_and_spoil_no_figure(blob_node, camera, listener, pointed):
    reports = listener.listen_to_health("/point_node")
    node = blob_node({"query": "red"})
    for at in (1e9, 4e9):  # years ago, and years from now
        take_images(listener, camera, lambda: pointed, at=at)
        pointed.clear()
    listener.wait(lambda: "set use_sim_time on all nodes" in node.stderr)
    reports.clear()
    values = {value.key: value.value for value in listener.wait(lambda: reports)[-1].values}
    assert "capture to answer ms p50" not in values
    assert int(values["stamps of another clock"]) >= 2


def test_a_topic_of_another_type_is_named(blob_node, listener):
    node = blob_node({"query": "red"}, "image:=/camera")
    publisher = listener.node.create_publisher(CompressedImage, "/camera", 1)
    listener.wait(
        lambda: "'/camera' brings sensor_msgs/msg/CompressedImage, but 'image' takes" in node.stderr
    )
    listener.node.destroy_publisher(publisher)
    assert Image.__name__ in node.stderr
