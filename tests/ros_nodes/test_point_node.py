"""The point node across three processes: a camera, the node, and this one, which subscribes.

Images travel over real rclpy on loopback; only the model is a small one that finds a spot of a colour.
"""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.conversions.images import image_to_rgb
from sensor_msgs.msg import Image

from tests.ros_nodes.camera_images import SPOTS, pixels, points_about, stamp, take_images
from tests.ros_nodes.program import PROCESSES

pytestmark = pytest.mark.ros


def wait_for_log(listener, node, text: str) -> None:
    listener.wait(lambda: text in node.stderr)


def test_points_carry_the_capture_and_hit_the_pixel(blob_node, camera, listener):
    blob_node({"query": "red and green"})
    answers = listener.received["pointed_pixels"]
    stamps = take_images(listener, camera, lambda: answers)
    answer = answers[-1]
    assert pixels(answer) == [[400.0, 120.0], [50.0, 300.0]]
    assert [point.score for point in answer.points] == [1.0, 1.0]
    assert [point.object_id for point in answer.points] == [1, 2]
    assert answer.header.frame_id == "camera_optical_frame"
    assert stamp(answer) in stamps


def test_pixels_are_in_no_message_that_is_meant_for_metres(blob_node, listener):
    blob_node({"query": "red"})
    listener.wait(lambda: "molmo_act_interfaces/msg/PointedPixels" in listener.published_types("point_node"))
    # A node's publishers are told in the order in which they were made, and that of diagnostics is the last.
    told_last = "diagnostic_msgs/msg/DiagnosticArray"
    listener.wait(lambda: told_last in listener.published_types("point_node"))
    published = listener.published_types("point_node")
    assert not {kind for kind in published if "PointStamped" in kind or "PointCloud" in kind}


def test_every_encoding_gives_the_pixel(blob_node, camera, listener):
    blob_node({"query": "green"})
    for encoding in ("bgr8", "rgba8", "bgra8", "png", "jpeg", "jpeg without its end"):
        encoding, fault = encoding.split()[0], "no_end_marker" if "end" in encoding else None
        answers = points_about(listener, camera, encoding=encoding, fault=fault)
        tolerance = 1.0 if encoding == "jpeg" else 0.0  # it loses colour at the spot's edges
        np.testing.assert_allclose(pixels(answers[-1]), [[50.0, 300.0]], atol=tolerance, err_msg=encoding)


def test_sensors_of_twelve_bits_are_scaled(blob_node, camera, listener):
    """As the overlay shows: the camera's grey of 90 comes as 1440 of 4095."""
    blob_node({"query": "red", "sensor_bits": 12})
    listener.listen(Image, "overlay")
    overlays = listener.received["overlay"]
    while not overlays:
        points_about(listener, camera, encoding="mono16", spots={})
    assert (image_to_rgb(overlays[-1])[200:280, 200:440] == 90).all()


@pytest.mark.parametrize(
    ("program", "asked", "answered"),
    [("blob_node.py", "query", "pointed_pixels"), ("blob_track_node.py", "tracked_query", "tracked_pixels")],
)
def test_a_node_with_an_empty_list_of_queries_waits_for_one(
    start, camera, listener, program, asked, answered
):
    from molmo_act_interfaces.msg import PointedPixels

    node = start(PROCESSES / program, "--ros-args", "-p", "queries:=[]")
    listener.listen(PointedPixels, answered)
    wait_for_log(listener, node, "Waiting for a query")
    listener.ask("red", asked)
    take_images(listener, camera, lambda: any(answer.points for answer in listener.received[answered]))


def test_query_changes_at_run_time_by_topic_and_by_parameter(blob_node, camera, listener):
    node = blob_node()
    wait_for_log(listener, node, "Waiting for a query")
    listener.ask("red")
    assert pixels(points_about(listener, camera)[-1]) == [[400.0, 120.0]]
    assert listener.set_parameter("query", "green").successful
    assert pixels(points_about(listener, camera)[-1]) == [[50.0, 300.0]]
    listener.ask("  ")  # refused: green stays
    wait_for_log(listener, node, "Query from topic refused: query is empty")
    assert pixels(points_about(listener, camera)[-1]) == [[50.0, 300.0]]
    listener.ask("blue")  # is not in the image: an empty answer is an answer
    listener.wait(lambda: pixels(points_about(listener, camera)[-1]) == [])


def test_parameters_limit_and_are_checked(blob_node, camera, listener):
    blob_node({"query": "red and green", "max_points": 1})
    assert pixels(points_about(listener, camera)[-1]) == [[400.0, 120.0]]
    refused = [
        ("min_score", 1.5),  # a probability
        ("min_score", "high"),  # a number
        ("max_points", -1),
        ("rate", -2.0),
        ("query", " "),  # nothing to look for
        ("query", "red " * 2500),  # 10 kB
        ("model", "other"),  # read on configure
    ]
    for name, value in refused:
        result = listener.set_parameter(name, value)
        assert not result.successful, name
        assert result.reason, name
    for name, value in [("max_points", 0), ("model", ""), ("rate", 50)]:  # unchanged; an integer
        assert listener.set_parameter(name, value).successful, name
    assert len(pixels(points_about(listener, camera)[-1])) == 2


def test_a_deployment_is_chosen_by_parameters(blob_node, camera, listener, tmp_path):
    loaded, log = tmp_path / "loaded", tmp_path / "taken"
    chosen = {"dtype": "bfloat16", "quantization": "int8", "device": "cuda:0", "max_crops": 4, "exactly": 2}
    blob_node({"query": "red", **chosen}, BLOB_OPTIONS=loaded, BLOB_LOG=log)
    reports = listener.listen_to_health("/point_node")
    points_about(listener, camera)
    assert json.loads(loaded.read_text()).items() >= chosen.items()
    bounds = json.loads(log.read_text().splitlines()[0])["bounds"]
    assert bounds == {"max_crops": 4, "exactly": 2, "max_points": None, "min_score": 0.0}
    told = {value.key: value.value for value in listener.wait(lambda: reports)[-1].values}
    assert (told["device"], told["quantization"]) == ("cuda:0", "int8")
    assert listener.set_parameter("max_points", 2).successful
    assert listener.set_parameter("max_points", 1).reason == "exactly is 2 and max_points 1; set one of them."
    refused = listener.set_parameter("quantization", "nf4")
    assert refused.reason == "quantization is read on configure; clean the node up first"


@pytest.mark.slow
def test_slow_model_gets_the_newest_frame_and_nothing_grows(blob_node, camera, listener, tmp_path):
    log = tmp_path / "taken"
    node = blob_node({"query": "red"}, BLOB_DELAY=0.2, BLOB_LOG=log)
    points_about(listener, camera)
    before = node.anonymous_memory_mib()
    camera.order(spots=SPOTS, count=300, rate=30)
    stamps = listener.wait(camera.answer)["stamps"]
    listener.wait(lambda: stamp(listener.received["pointed_pixels"][-1]) == stamps[-1])  # the last frame wins

    frames = [json.loads(line) for line in log.read_text().splitlines()]
    numbers = [frame["number"] for frame in frames]
    assert numbers == sorted(set(numbers))
    taken = [frame for frame in frames if frame["number"] > numbers[-1] - len(stamps)]
    assert 15 <= len(taken) <= 60, "10 s of images at 0.2 s each"
    ages = np.array([frame["age_ms"] for frame in taken])
    # At 30 Hz the newest frame has waited 33 ms at most when the model is free; one that queued while it
    # worked, 167 ms at least. On a busy machine many are old since nobody had time: the young ones decide.
    assert np.quantile(ages, 0.2) < 150, ages
    answered = [stamp(answer) for answer in listener.received["pointed_pixels"]]
    assert [when for when in answered if when in stamps] == [
        stamps[frame["number"] - numbers[-1] - 1] for frame in taken
    ]
    assert node.anonymous_memory_mib() - before < 24, "ten frames are 9 MiB, all of them are 263 MiB"


def test_rate_bounds_a_fast_model(blob_node, camera, listener, tmp_path):
    log = tmp_path / "taken"
    blob_node({"query": "red", "rate": 5.0}, BLOB_LOG=log)
    points_about(listener, camera)
    log.write_text("")
    begun = time.monotonic()
    camera.order(spots=SPOTS, count=60, rate=30)
    listener.wait(camera.answer)
    seconds = time.monotonic() - begun
    assert 5 <= len(log.read_text().splitlines()) <= 5 * seconds + 2, (
        "2 s at 5 Hz, and what was still under way"
    )


@pytest.mark.parametrize(
    ("fault", "encoding", "told"),
    [
        ("wrong_step", "rgb8", "Image has step 5; 640 pixels of rgb8 need at least 1920"),
        ("wrong_encoding", "rgb8", "Image has encoding 'nv16'; expected one of rgb8"),
        ("empty_data", "rgb8", "Image has 0 bytes of data; expected 921600"),
        ("short_data", "jpeg", "cannot be decoded: image file is truncated"),
    ],
)
def test_broken_frames_give_one_warning_and_life_goes_on(blob_node, camera, listener, fault, encoding, told):
    node = blob_node({"query": "red"})
    broken = {"count": 10, "encoding": encoding, "fault": fault}
    take_images(listener, camera, lambda: "Frame skipped" in node.stderr, **broken)
    take_images(listener, camera, lambda: True, **broken)
    points_about(listener, camera)
    warnings = [line for line in node.stderr.splitlines() if "Frame skipped" in line]
    assert len(warnings) == 1, warnings
    assert told in warnings[0]


@pytest.mark.parametrize(
    ("query", "told"),
    [("trouble", "RuntimeError: out of memory"), ("memory", "MemoryError: ")],  # see blob_node.py
)
def test_raising_model_gives_one_error_and_life_goes_on(blob_node, camera, listener, query, told):
    node = blob_node({"query": query})
    reports = listener.listen_to_health("/point_node")
    take_images(listener, camera, lambda: "Frame lost" in node.stderr, count=10)
    take_images(listener, camera, lambda: True, count=10)
    listener.wait(lambda: any(told in report.message and report.level == b"\x02" for report in reports))
    listener.ask("red")
    points_about(listener, camera)
    errors = [line for line in node.stderr.splitlines() if "Frame lost" in line]
    assert len(errors) == 1, errors
    assert f"pointing failed: {told}" in errors[0]


@pytest.mark.parametrize(
    ("fault", "told"), [("zero_stamp", "has stamp zero"), ("early_stamp", "went back by")]
)
def test_strange_stamps_give_a_warning_and_true_points(blob_node, camera, listener, fault, told):
    node = blob_node({"query": "red"})
    points_about(listener, camera)
    answers = points_about(listener, camera, fault=fault)
    assert pixels(answers[-1]) == [[400.0, 120.0]]
    listener.wait(lambda: told in node.stderr)


def test_a_negative_stamp_is_refused_by_name(blob_node, camera, listener):
    from molmo_act_interfaces.srv import PointQuery

    node = blob_node({"query": "red"})
    points_about(listener, camera)
    told = "An image has the negative stamp -5.000 s; expected 0 or later"
    take_images(listener, camera, lambda: told in node.stderr, fault="negative_stamp")
    assert "went back by" not in node.stderr, "it says nothing about time"
    image = Image(height=1, width=1, encoding="rgb8", step=3, data=[0, 0, 0])
    image.header.stamp.sec = -7
    answer = listener.call(
        PointQuery, "/point_node/point_query", PointQuery.Request(query="red", image=image)
    )
    assert (answer.success, answer.message[:42]) == (False, "The image has the negative stamp -7.000 s;")
    points_about(listener, camera)


def test_overlay_is_drawn_only_while_somebody_subscribes(blob_node, camera, listener, tmp_path):
    log = tmp_path / "taken"
    blob_node({"query": "red"}, BLOB_LOG=log)

    def drawn() -> int:
        log.write_text("")
        points_about(listener, camera)
        points_about(listener, camera)  # the overlay of the first image is done by then
        return log.read_text().count("drawn")

    assert drawn() == 0
    for _ in range(2):  # a subscriber comes, goes, and comes again
        subscription = listener.listen(Image, "overlay")
        overlays = listener.received["overlay"]
        while not overlays:
            points_about(listener, camera)
        image = image_to_rgb(overlays[-1])
        assert image.shape == (480, 640, 3)
        changed = np.abs(image.astype(int) - 90).max(axis=2) > 30
        assert changed[105:136, 385:416].sum() > 9 * 9, "more than the spot itself is there"
        assert overlays[-1].header.frame_id == "camera_optical_frame"
        listener.node.destroy_subscription(subscription)
        listener.wait(lambda: drawn() == 0)


@pytest.mark.slow
def test_lifecycle_transitions_fifty_times_without_growth(blob_node, camera, listener):
    node = blob_node({"query": "red", "autostart": "false"})
    assert listener.state() == "unconfigured"
    for round_ in range(50):
        assert listener.change_state("configure")
        assert listener.node.count_subscribers("image") == 0, "subscribed before it is active"
        assert listener.change_state("activate")
        if round_ % 10 == 0:
            points_about(listener, camera)
        assert listener.change_state("deactivate")
        listener.wait(lambda: listener.node.count_subscribers("image") == 0)
        assert listener.change_state("cleanup")
        if round_ == 10:
            before = node.anonymous_memory_mib(), node.open_files(), node.threads()
    assert listener.state() == "unconfigured"
    # Once, at any round, 16 MiB may come on top that malloc keeps; over 300 rounds nothing more does.
    assert node.anonymous_memory_mib() - before[0] < 24
    assert node.open_files() <= before[1] + 2
    assert node.threads() <= before[2] + 2
    assert listener.change_state("shutdown")
    assert listener.state() == "finalized"


def test_missing_checkpoint_leaves_a_managed_node_unconfigured(blob_node, listener):
    node = blob_node({"model": "missing", "autostart": "false", "rate": 5})
    assert listener.set_parameter("min_score", 0.25).successful, "parameters are there already"
    assert not listener.change_state("configure")
    assert listener.state() == "unconfigured"
    assert "Cannot configure: Checkpoint folder 'missing' does not exist." in node.stderr
    assert listener.set_parameter("model", "present").successful
    assert listener.change_state("configure")


@pytest.mark.parametrize(
    "parameters",
    [
        *({"model": "missing"}, {"min_score": 3.0}, {"max_points": "many"}),
        *({"dtype": "float8"}, {"exactly": 2, "max_points": 1}),
    ],
)
def test_unusable_parameter_ends_the_program_with_one_message(blob_node, parameters):
    node = blob_node(parameters)
    assert node.process.wait(60) == 2
    assert node.stderr.count("Cannot configure: ") == 1
    node.expected_exit = 2


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "busy_with",
    [
        {},  # nothing
        {"BLOB_DELAY": 60},  # an image
        {"BLOB_COMPUTE": 60},  # an image, inside C++, where an ending interpreter aborts
        {"BLOB_LOAD": 60},  # loading
    ],
)
def test_signal_ends_the_program_with_0(blob_node, camera, listener, tmp_path: Path, with_signal, busy_with):
    log = tmp_path / "taken"
    node = blob_node({"query": "red"}, BLOB_LOG=log, **busy_with)
    if "BLOB_LOAD" in busy_with:
        listener.wait(lambda: "point_node" in listener.node.get_node_names())
        time.sleep(0.5)  # nothing outside tells that loading has begun
    else:
        take_images(listener, camera, log.exists)
    assert node.end(with_signal) == 0


def test_second_signal_does_not_disturb_the_end(blob_node, camera, listener, tmp_path):
    log = tmp_path / "taken"
    node = blob_node({"query": "red"}, BLOB_LOG=log, BLOB_DELAY=60)
    take_images(listener, camera, log.exists)
    node.process.send_signal(signal.SIGINT)
    time.sleep(1)  # half of its grace for the image in progress
    assert node.end(signal.SIGTERM) == 0
