"""The track node across processes: a camera with moving spots, the node with the real tracker, this one."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
pytest.importorskip("molmo_act.tracking.tracker", reason="needs the tracker", exc_type=ImportError)
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from std_msgs.msg import Header

from tests.ros_nodes.camera_images import stamp

pytestmark = pytest.mark.ros

NODE = "/track_node"
PROCESS = Path(__file__).parent / "processes" / "blob_track_node.py"


class Film:
    """Has the camera show spots that move, image by image, and keeps what the node says of each."""

    def __init__(self, camera, listener) -> None:
        from molmo_act_interfaces.msg import PointedPixels

        self.camera, self.listener = camera, listener
        self.spots = {"red": [100, 120]}
        self.stamped_at: float | None = None  # seconds of the first stamp, in place of the clock
        listener.listen(PointedPixels, "tracked_pixels")
        self.tracks = listener.received["tracked_pixels"]
        self.stamps: list[list[int]] = []

    def step(self) -> None:
        """The next image: everything has moved by 2 pixels to the right."""
        self.spots = {colour: [(x - 40) % 560 + 42, y] for colour, (x, y) in self.spots.items()}
        at = None if self.stamped_at is None else self.stamped_at + 0.05 * len(self.stamps)
        self.camera.order(spots=self.spots, rate=1000, at=at)
        self.stamps += self.listener.wait(self.camera.answer)["stamps"]

    def until(self, done, images: int = 400):
        """Shows images until ``done()`` is true; returns what it gave."""
        for _ in range(images):
            if result := done():
                return result
            self.step()
            self.listener.wait_briefly(0.03)
        raise AssertionError(f"not within {images} images: {self.tracks[-3:]}")

    def seen(self, colour: str):
        """The newest track of a colour, if it is visible."""
        points = self.tracks[-1].points if self.tracks else []
        return next((point for point in points if point.label == colour and point.visible), None)


@pytest.fixture
def film(start, camera, listener):
    """Starts the node with parameters; the camera's film before it."""

    def start_node(*parameters: str, **environment: object) -> Film:
        words = [word for parameter in parameters for word in ("-p", parameter)]
        film = Film(camera, listener)
        film.node = start(PROCESS, "--ros-args", *words, **environment)
        return film

    return start_node


@pytest.mark.slow
def test_objects_are_followed_at_the_cameras_rate_and_keep_their_numbers(film, listener):
    film = film("query:=red", "rate:=2.0", BLOB_DELAY=0.3)
    first = film.until(lambda: film.seen("red"))
    film.tracks.clear()
    film.stamps.clear()
    sources = set()
    for _ in range(40):
        film.step()
        listener.wait(lambda: film.tracks and stamp(film.tracks[-1]) == film.stamps[-1])
        now = film.seen("red")
        assert now is not None
        assert now.object_id == first.object_id
        assert now.u == pytest.approx(film.spots["red"][0], abs=2)
        sources.add(now.source)
    assert now.PROPAGATED in sources, "the model is far too slow for all of these"
    assert (film.tracks[-1].width, film.tracks[-1].height, film.tracks[-1].node) == (640, 480, NODE)
    assert [(query.query, query.query_id) for query in film.tracks[-1].queries] == [("red", 1)]

    film.spots["green"] = [300, 300]
    listener.ask("green", "tracked_query")  # in place of red
    other = film.until(lambda: film.seen("green"))
    assert other.object_id > first.object_id
    film.until(lambda: not film.seen("red"))


def test_a_deployment_is_chosen_by_parameters(film, listener, tmp_path):
    chosen = tmp_path / "chosen"
    words = ("max_crops:=4", "window:=8", "window_mode:=sliding", "quantization:=int8")
    film = film("query:=red", *words, BLOB_OPTIONS=chosen)
    film.until(lambda: film.seen("red"))
    loaded, tracker = map(json.loads, chosen.read_text().splitlines())
    assert (loaded["quantization"], loaded["max_crops"]) == ("int8", 4)
    assert tracker == {"max_crops": 4, "window": 8, "window_mode": "sliding"}
    assert not listener.set_parameter("window", 4097, node=NODE).successful


def test_objects_come_and_go_by_service(film, listener):
    from molmo_act_interfaces.srv import AddObject, RemoveObject

    film = film("query:=red")
    film.spots["green"] = [300, 300]
    red = film.until(lambda: film.seen("red"))

    def add(**asked):
        return listener.call(AddObject, f"{NODE}/add_object", AddObject.Request(**asked))

    answer = add(query="green")
    assert (answer.success, list(answer.object_ids)) == (True, []), "not known before the model has looked"
    green = film.until(lambda: film.seen("green"))
    assert green.object_id != red.object_id
    assert film.seen("red").object_id == red.object_id

    x, y = film.spots["red"]
    answer = add(u=float(x), v=float(y), header=film.tracks[-1].header)
    assert (answer.success, len(answer.object_ids)) == (True, 1), answer.message
    number = answer.object_ids[0]
    film.until(lambda: number in [point.object_id for point in film.tracks[-1].points])

    def remove(number: int):
        return listener.call(RemoveObject, f"{NODE}/remove_object", RemoveObject.Request(object_id=number))

    assert remove(number).success
    film.until(lambda: number not in [point.object_id for point in film.tracks[-1].points])
    for refused, told in [
        (remove(number), "no object"),
        (remove(0), "no added query without an object"),
        (add(query="x" * 10_240), "10240 characters"),
        (add(u=-5.0, v=3.0, header=film.tracks[-1].header), "outside of the frame"),
        (add(u=5.0, v=3.0, header=Header(stamp=Time(sec=1))), "before the newest"),
        (add(u=5.0, v=3.0, header=Header(stamp=Time(sec=-1))), "negative stamp -1.000 s"),
    ]:
        assert not refused.success
        assert told in refused.message


def test_added_queries_that_find_nothing_end_by_service(film, listener):
    """Nothing but a new message on tracked_query ended them, and they took a place each."""
    from molmo_act_interfaces.srv import AddObject, RemoveObject

    film = film("query:=red")
    film.until(lambda: film.seen("red"))

    def queries() -> list[str]:
        return [query.query for query in film.tracks[-1].queries]

    film.spots["green"] = [300, 300]
    for query in ("green", "blue"):  # the second is not in the image
        assert listener.call(AddObject, f"{NODE}/add_object", AddObject.Request(query=query)).success
    film.until(lambda: film.seen("green") and "blue" in queries())
    answer = listener.call(RemoveObject, f"{NODE}/remove_object", RemoveObject.Request())
    assert (answer.success, answer.message) == (True, "ended: 'blue'")
    film.until(lambda: queries() == ["red", "green"])
    assert film.seen("green"), "what has an object stays"


class Goals:
    """A client of the action; what it is told about each goal."""

    def __init__(self, film, listener) -> None:
        from molmo_act_interfaces.action import TrackObject
        from rclpy.action import ActionClient

        self.film, self.listener, self.kind = film, listener, TrackObject
        self.client = ActionClient(listener.node, TrackObject, f"{NODE}/track_object")
        listener.wait(self.client.server_is_ready)
        listener.settle(NODE)
        self.feedback: list = []

    def send(self, query: str, duration: float = 0.0):
        """Sends a goal; returns its handle, which may be rejected, and its result to come."""
        self.feedback.clear()
        sent = self.client.send_goal_async(
            self.kind.Goal(query=query, duration=duration),
            feedback_callback=lambda told: self.feedback.append(told.feedback),
        )
        self.listener.wait(sent.done)
        goal = sent.result()
        return goal, goal.get_result_async() if goal.accepted else None

    def ended(self, result, images: bool = True):
        """Waits for a result, with or without further images; gives status, code and result."""
        wait = self.film.until if images else self.listener.wait
        found = wait(lambda: result.done() and result.result())
        return found.status, found.result.error_code, found.result


@pytest.fixture
def goals(listener):
    """Makes a client of the action of a film's node."""
    made: list[Goals] = []

    def make(film) -> Goals:
        made.append(Goals(film, listener))
        return made[-1]

    yield make
    for one in made:
        one.client.destroy()


@pytest.mark.slow
def test_the_action_gives_feedback_and_ends_for_a_reason(film, goals, listener):
    from action_msgs.msg import GoalStatus
    from molmo_act_interfaces.msg import PointedPoint3D, PointedPoints3D

    film = film("query:=green", "lost_after:=3.0", "not_found_after:=4.0")  # images may pause for a second
    film.until(lambda: film.tracks)
    client = goals(film)
    result_of = client.kind.Result

    goal, result = client.send("red")
    told = film.until(lambda: client.feedback and client.feedback[-1])
    assert (told.pixel.label, told.has_position) == ("red", False)
    assert told.header.frame_id == "camera_optical_frame"
    positions = listener.node.create_publisher(PointedPoints3D, "tracked_points_3d", 10)

    def place(**changed) -> None:
        known = {"object_id": told.pixel.object_id, "label": "red", "position": Point(x=0.1, y=0.2, z=1.0)}
        known |= {"node": NODE, "header": film.tracks[-1].header} | changed
        message = PointedPoints3D(node=known.pop("node"), header=known.pop("header"))
        message.points = [PointedPoint3D(**known)]
        positions.publish(message)

    listener.wait(positions.get_subscription_count)
    # Another node's object of the same number, another label, an image that was never published.
    for changed in ({"node": "/point_node"}, {"label": "green"}, {"header": Header(stamp=Time(sec=9))}):
        for _ in range(6):
            film.step()
            listener.wait_briefly(0.03)
            place(**changed)
        assert not any(each.has_position for each in client.feedback), changed

    def placed():
        place()
        return client.feedback[-1].has_position and client.feedback[-1]

    assert film.until(placed).position.point == Point(x=0.1, y=0.2, z=1.0)
    cancel = goal.cancel_goal_async()
    status, code, found = client.ended(result)
    assert (status, code, found.object_id) == (
        GoalStatus.STATUS_CANCELED,
        result_of.CANCELED,
        told.pixel.object_id,
    )
    assert len(cancel.result().goals_canceling) == 1
    film.until(lambda: not film.seen("red"))  # only the goal had asked for it

    status, code, found = client.ended(client.send("red", duration=0.5)[1])
    assert (status, code) == (GoalStatus.STATUS_SUCCEEDED, result_of.NONE), found.error_msg
    _, result = client.send("red")
    film.until(lambda: client.feedback)
    del film.spots["red"]
    assert client.ended(result)[:2] == (GoalStatus.STATUS_ABORTED, result_of.LOST)
    _, code, found = client.ended(client.send("blue")[1])
    assert (code, found.object_id, found.error_msg) == (
        result_of.NOT_FOUND,
        0,
        "'blue' was not found for 4 s",
    )
    for query, duration, told in (("x" * 10_240, 0.0, "10240 characters"), ("red", -1.0, "duration is -1.0")):
        assert not client.send(query, duration)[0].accepted
        listener.wait(lambda told=told: told in film.node.stderr)
        listener.wait_briefly(5.0)  # a warning of a kind comes once in this time
    film.spots["red"] = [100, 120]
    _, result = client.send("red")
    film.until(lambda: client.feedback)
    assert listener.change_state("deactivate", NODE)
    assert client.ended(result, images=False)[1] == result_of.STOPPED
    assert not client.send("red")[0].accepted, "the node is not active"


@pytest.mark.slow
def test_goals_end_when_the_camera_dies_the_recording_loops_or_the_model_fails(film, goals, listener):
    film = film("lost_after:=2.0", "not_found_after:=6.0", "rate:=20.0")
    client = goals(film)
    result_of = client.kind.Result
    _, result = client.send("red")  # before any image
    _, code, found = client.ended(result, images=False)
    assert code == result_of.NO_IMAGES
    assert "no image that can be used came for 6." in found.error_msg

    _, result = client.send("red")
    film.until(lambda: client.feedback)
    assert client.ended(result, images=False)[1] == result_of.NO_IMAGES, "the camera has died"

    _, result = client.send("red")
    film.until(lambda: client.feedback)
    client.feedback.clear()
    film.stamped_at = 100.0  # the recording begins again
    film.until(lambda: client.feedback and client.feedback[-1].header.stamp.sec < 200, images=60)
    assert film.seen("red").object_id == client.feedback[-1].pixel.object_id, "and not that of the last run"
    assert not result.done()

    film.stamped_at = None
    _, code, found = client.ended(client.send("trouble")[1])
    assert code == result_of.MODEL_FAILED
    assert "RuntimeError: out of memory" in found.error_msg


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_goal_gets_its_result_before_a_signal_ends_the_node(film, goals, listener, number):
    film = film()
    film.until(lambda: film.tracks)
    client = goals(film)
    _, result = client.send("red")
    film.until(lambda: client.feedback)
    film.node.send(number)
    _, code, found = client.ended(result, images=False)
    assert (code, found.error_msg) == (client.kind.Result.STOPPED, "the node ends")
    assert film.node.wait() == 0


@pytest.mark.slow
def test_faults_cost_a_frame_and_transitions_repeat(film, listener):
    film = film("query:=trouble", "rate:=20.0")
    film.until(lambda: "The model failed on a frame: RuntimeError: out of memory" in film.node.stderr)
    film.until(lambda: film.tracks)  # frames are followed all the same
    for fault, told in [
        ("zero_stamp", "stamp zero"),
        ("early_stamp", "went back by"),
        ("wrong_step", "step 5"),
        ("negative_stamp", "An image has the negative stamp -5.000 s"),
        ("same_stamp", "is not after that of the image before"),
    ]:
        while told not in film.node.stderr:  # each kind of warning at most every few seconds
            film.camera.order(spots=film.spots, fault=fault)
            listener.wait(film.camera.answer)
            listener.wait_briefly(0.2)
    assert "reset()" not in film.node.stderr, "it is of the Python library"
    listener.ask("red", "tracked_query")
    film.until(lambda: film.seen("red"))
    for _ in range(3):
        for transition in ("deactivate", "cleanup", "configure", "activate"):
            assert listener.change_state(transition, NODE), transition
        film.tracks.clear()
        assert film.until(lambda: film.seen("red")).object_id == 1


def test_a_signal_ends_the_node_while_the_model_computes(film, tmp_path):
    log = tmp_path / "taken"
    film = film("query:=red", BLOB_LOG=log, BLOB_COMPUTE=60)
    film.until(log.exists)
    assert film.node.end(signal.SIGTERM) == 0


def test_a_signal_ends_the_node_while_it_waits_for_the_model_to_be_deactivated(film, listener, tmp_path):
    from lifecycle_msgs.msg import Transition
    from lifecycle_msgs.srv import ChangeState

    log = tmp_path / "taken"
    film = film("query:=red", BLOB_LOG=log, BLOB_COMPUTE=60)
    film.until(log.exists)
    client = listener.node.create_client(ChangeState, f"{NODE}/change_state")
    listener.wait(client.service_is_ready)
    client.call_async(ChangeState.Request(transition=Transition(label="deactivate")))
    listener.wait(lambda: not listener.node.count_subscribers("image"))
    assert film.node.end(signal.SIGINT) == 0


def test_without_a_tracker_the_node_says_what_is_missing(film):
    node = film("query:=red", BLOB_NO_TRACKER=1).node
    node.expected_exit = 2
    assert node.process.wait(60) == 2
    assert "Cannot activate: tracking needs the package 'scipy'" in node.stderr
