"""The track node across processes: a camera with moving spots, the node with the real tracker, this one."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
pytest.importorskip("molmo_act.tracking.streaming", reason="needs the tracker", exc_type=ImportError)
from geometry_msgs.msg import Point
from std_msgs.msg import Header

from tests.ros_nodes.pictures import stamp

pytestmark = pytest.mark.ros

NODE = "/track_node"
PROCESS = Path(__file__).parent / "processes" / "blob_track_node.py"


class Film:
    """Has the camera show spots that move, picture by picture, and keeps what the node says of each."""

    def __init__(self, camera, listener) -> None:
        from molmo_act_interfaces.msg import PointedPixels

        self.camera, self.listener = camera, listener
        self.spots = {"red": [100, 120]}
        listener.listen(PointedPixels, "tracked_pixels")
        self.tracks = listener.received["tracked_pixels"]
        self.stamps: list[list[int]] = []

    def step(self) -> None:
        """The next picture: everything has moved by 2 pixels to the right."""
        self.spots = {colour: [(x - 40) % 560 + 42, y] for colour, (x, y) in self.spots.items()}
        self.camera.order(spots=self.spots, rate=1000)
        self.stamps += self.listener.wait(self.camera.answer)["stamps"]

    def until(self, done, pictures: int = 400):
        """Shows pictures until ``done()`` is true; returns what it gave."""
        for _ in range(pictures):
            if result := done():
                return result
            self.step()
            self.listener.wait_briefly(0.03)
        raise AssertionError(f"not within {pictures} pictures: {self.tracks[-3:]}")

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
        assert now.u == pytest.approx(film.spots["red"][0] + 0.5, abs=2)
        sources.add(now.source)
    assert now.PROPAGATED in sources, "the model is far too slow for all of these"
    assert (film.tracks[-1].width, film.tracks[-1].height, film.tracks[-1].query) == (640, 480, "red")

    film.spots["green"] = [300, 300]
    listener.ask("green")  # in place of red
    other = film.until(lambda: film.seen("green"))
    assert other.object_id > first.object_id
    film.until(lambda: not film.seen("red"))


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
        (add(query="x" * 10_240), "10240 characters"),
        (add(u=-5.0, v=3.0, header=film.tracks[-1].header), "outside of the frame"),
        (add(u=5.0, v=3.0, header=Header()), "before the newest"),
    ]:
        assert not refused.success
        assert told in refused.message


def test_the_action_gives_feedback_and_ends_for_a_reason(film, listener):
    from molmo_act_interfaces.action import TrackObject
    from molmo_act_interfaces.msg import PointedPoint3D, PointedPoints3D
    from rclpy.action import ActionClient

    film = film("query:=green", "lost_after:=0.5", "not_found_after:=1.0")
    film.until(lambda: film.tracks)
    client = ActionClient(listener.node, TrackObject, f"{NODE}/track_object")
    listener.wait(client.server_is_ready)
    listener.wait_briefly(0.3)  # see Listener.call
    feedback: list = []

    def send(query: str):
        sent = client.send_goal_async(
            TrackObject.Goal(query=query), feedback_callback=lambda told: feedback.append(told.feedback)
        )
        goal = film.until(lambda: sent.done() and sent.result())
        assert goal.accepted
        return goal, goal.get_result_async()

    def ended(result):
        return film.until(lambda: result.done() and result.result().result)

    goal, result = send("red")
    told = film.until(lambda: feedback and feedback[-1])
    assert (told.pixel.label, told.has_position) == ("red", False)
    assert told.header.frame_id == "camera_optical_frame"
    where = PointedPoint3D(object_id=told.pixel.object_id, position=Point(x=0.1, y=0.2, z=1.0))
    positions = listener.node.create_publisher(PointedPoints3D, "points_3d", 10)

    def placed():
        positions.publish(PointedPoints3D(header=film.tracks[-1].header, points=[where]))
        return feedback[-1].has_position and feedback[-1]

    assert film.until(placed).position.point == where.position
    cancel = goal.cancel_goal_async()
    found = ended(result)
    assert (found.reason, found.object_id) == (TrackObject.Result.CANCELED, told.pixel.object_id)
    assert len(cancel.result().goals_canceling) == 1
    film.until(lambda: not film.seen("red"))  # only the goal had asked for it

    feedback.clear()
    _, result = send("red")
    film.until(lambda: feedback)
    del film.spots["red"]
    assert ended(result).reason == TrackObject.Result.LOST
    _, result = send("blue")
    found = ended(result)
    assert (found.reason, found.object_id) == (TrackObject.Result.NOT_FOUND, 0)
    assert found.message == "'blue' was not found for 1 s"
    _, result = send("x" * 10_240)
    found = ended(result)
    assert found.reason == TrackObject.Result.REFUSED
    assert "10240 characters" in found.message
    film.spots["red"] = [100, 120]
    feedback.clear()
    _, result = send("red")
    film.until(lambda: feedback)
    assert listener.change_state("deactivate", NODE)
    listener.wait(result.done)
    assert result.result().result.reason == TrackObject.Result.STOPPED
    client.destroy()


def test_faults_cost_a_frame_and_transitions_repeat(film, listener):
    film = film("query:=trouble", "rate:=20.0")
    film.until(lambda: "The model failed on a frame: RuntimeError: out of memory" in film.node.stderr)
    film.until(lambda: film.tracks)  # frames are followed all the same
    for fault, told in [
        ("zero_stamp", "stamp zero"),
        ("early_stamp", "go backwards"),
        ("wrong_step", "step 5"),
    ]:
        while told not in film.node.stderr:  # each kind of warning at most every few seconds
            film.camera.order(spots=film.spots, fault=fault)
            listener.wait(film.camera.answer)
            listener.wait_briefly(0.2)
    listener.ask("red")
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
