"""Does to the nodes what robots do, all at once and at random, and looks for wrong associations and hangs.

    python -m tests.ros_nodes.chaos --seconds 600 --seed 1

Four nodes run as processes, with a simulated clock: point, track, and a deproject node for each of them. This
process is the camera, the clock, the clients and a rogue. Inputs die and come back, time goes back to another
world and forward, depth comes late and in disorder, nodes are killed, deactivated and restarted, a thousand
broken messages come, and fifty queries. One line of JSON comes last; exit code 1 if something was wrong.
"""

from __future__ import annotations

import argparse
import array
import json
import math
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ros_nodes.conftest import PROCESSES, Listener, Program, own_ros
from tests.ros_nodes.processes import frames

FOCAL, WIDTH, HEIGHT = 600.0, frames.WIDTH, frames.HEIGHT
K = [FOCAL, 0.0, (WIDTH - 1) / 2, 0.0, FOCAL, (HEIGHT - 1) / 2, 0.0, 0.0, 1.0]
TICK_S = 0.1  # of simulated time between images
QUERIES = ["red", "green"]
LATE_S = 2.0  # how long answers about the world before may be under way
RECOVERY_S = 30.0  # after which a node that is alive must answer again
NOTICED_S = 3.0  # after the last message: 2 s of silence, and the next look at the inputs
GOAL_S = 20.0  # after which a goal must have ended: the limits of the node are 3 and 5 s
GROWTH_MIB = 48.0
BUFFERS_MIB = {"track_node": 94.0}  # its 64 frames since the last keyframe, when the machine is busy
WARM_UP_S = 60.0  # in which a node imports what it needs and fills its buffers; its maximum is the baseline
NODES: dict[str, list[object]] = {
    "point_node": [PROCESSES / "blob_node.py", "--ros-args", "-p", "query:=red", "-p", "queries:=[green]"],
    "track_node": [
        *(PROCESSES / "blob_track_node.py", "--ros-args", "-p", "query:=red", "-p", "queries:=[green]"),
        *("-p", "rate:=5.0", "-p", "lost_after:=3.0", "-p", "not_found_after:=5.0"),
    ],
    "deproject_node": ["-m", "molmo_act_ros", "deproject_node", "--ros-args"],
    "tracked_deproject": [
        *("-m", "molmo_act_ros", "deproject_node", "--ros-args", "-r", "__node:=tracked_deproject"),
        *("-r", "pointed_pixels:=tracked_pixels", "-r", "points_3d:=tracked_points_3d"),
        *("-r", "best_point_3d:=tracked_best_point_3d"),
    ],
}
#: Task of the status, and topic, of the inputs that die: by input, by node.
MISSED = {
    "image": {"point_node": "image", "track_node": "image"},
    "depth": {"deproject_node": "depth", "tracked_deproject": "depth"},
    "camera_info": {"deproject_node": "camera_info", "tracked_deproject": "camera_info"},
}


@dataclass
class Report:
    """What happened.

    Attributes:
        seed: Of the random events.
        seconds: How long it took.
        events: How often each event happened.
        checked: Points in space that were compared with the truth.
        goals: How goals ended, by error code.
        broken: Broken messages that were sent.
        growth_mib: Largest growth of a node's own memory.
        noticed_s: Longest time from the last message of an input to the report that it is dead.
        lateness_s: Longest time that this process was late with an image, as the machine had other work.
        faults: What went wrong, in words.
    """

    seed: int
    seconds: float = 0.0
    events: Counter = field(default_factory=Counter)
    checked: int = 0
    goals: Counter = field(default_factory=Counter)
    broken: int = 0
    growth_mib: float = 0.0
    noticed_s: float = 0.0
    lateness_s: float = 0.0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Moment:
    """The truth about one stamp.

    Attributes:
        spots: Pixel of each colour.
        depth: Metres of the wall, the same for all pixels.
        shown: When it was published, on the monotonic clock in seconds.
        world: Number of the world, which changes when time goes back.
    """

    spots: dict[str, tuple[int, int]]
    depth: float
    shown: float
    world: int

    def place(self, colour: str) -> np.ndarray:
        """Where the spot is, in metres."""
        u, v = self.spots[colour]
        return np.array([(u - K[2]) / FOCAL * self.depth, (v - K[5]) / FOCAL * self.depth, self.depth])


class World:
    """The camera, the depth camera and the clock."""

    def __init__(self, node: Any, rng: random.Random) -> None:
        from molmo_act_interfaces.msg import PointedPixels, PointedPoints3D
        from rclpy.qos import qos_profile_sensor_data
        from rosgraph_msgs.msg import Clock
        from sensor_msgs.msg import CameraInfo, Image

        self.rng = rng
        make = node.create_publisher
        self.images = make(Image, "image", qos_profile_sensor_data)
        self.depths = make(Image, "depth", qos_profile_sensor_data)
        self.infos = make(CameraInfo, "camera_info", qos_profile_sensor_data)
        self.clock = make(Clock, "/clock", 10)
        self.rogues = {
            topic: make(kind, topic, 10)
            for topic, kind in (
                ("pointed_pixels", PointedPixels),
                ("tracked_pixels", PointedPixels),
                ("tracked_points_3d", PointedPoints3D),
            )
        }
        self.now = 1000.0
        self.number = self.world = 0
        self.dead: set[str] = set()
        self.disorder = False
        self.late: list[tuple[float, Any]] = []
        self.published: dict[str, float] = {}  # when each input last brought something
        self.history: dict[int, list[Moment]] = {}
        self.begin()

    def begin(self) -> None:
        """Another world: other places, other depth."""
        self.world += 1
        rng = self.rng
        self.spots = {
            "red": (rng.randrange(60, 500), rng.randrange(40, 200)),
            "green": (rng.randrange(60, 500), rng.randrange(280, 440)),
        }
        self.base = 1.0 + (0.37 * self.world) % 3.0

    def tick(self) -> None:
        """The next moment: clock, image, depth and camera_info."""
        from rosgraph_msgs.msg import Clock
        from sensor_msgs.msg import CameraInfo, Image

        self.now += TICK_S
        self.number += 1
        self.spots = {name: ((x - 20) % 580 + 22, y) for name, (x, y) in self.spots.items()}
        moment = Moment(dict(self.spots), self.base + 0.02 * (self.number % 10), time.monotonic(), self.world)
        header = header_at(self.now)
        key = header.stamp.sec * 10**9 + header.stamp.nanosec
        self.history[key] = [*self.history.get(key, [])[-4:], moment]
        self.clock.publish(Clock(clock=header.stamp))
        if "camera_info" not in self.dead:
            self.infos.publish(
                CameraInfo(header=header, width=WIDTH, height=HEIGHT, k=K, distortion_model="plumb_bob")
            )
            self.published["camera_info"] = time.monotonic()
        wall = np.full((HEIGHT, WIDTH), moment.depth, "<f4")
        depth = Image(header=header, height=HEIGHT, width=WIDTH, encoding="32FC1", step=4 * WIDTH)
        depth.data = array.array("B", wall.tobytes())
        if "depth" not in self.dead:
            due = time.monotonic() + (self.rng.uniform(0, 0.6) if self.disorder else 0.0)
            self.late.append((due, depth))
        for one in [one for one in self.late if one[0] <= time.monotonic()]:
            self.late.remove(one)
            self.depths.publish(one[1])
            self.published["depth"] = time.monotonic()
        if "image" not in self.dead:
            rgb = frames.draw(self.spots, self.number)
            image = Image(header=header, height=HEIGHT, width=WIDTH, encoding="rgb8", step=3 * WIDTH)
            image.data = array.array("B", rgb.tobytes())
            self.images.publish(image)
            self.published["image"] = time.monotonic()

    def break_things(self) -> int:
        """Sends fifty messages that are wrong in some way; returns their number."""
        from molmo_act_interfaces.msg import PointedPixel, PointedPixels, PointedPoint3D, PointedPoints3D
        from sensor_msgs.msg import CameraInfo, Image

        rng = self.rng
        for number in range(10):
            header = header_at(self.now + rng.choice([0.0, -500.0, 500.0]) * (number % 3 == 0))
            if number % 4 == 1:
                header.stamp.sec = header.stamp.nanosec = 0
            sizes = {"height": rng.choice([0, 1, HEIGHT]), "width": rng.choice([0, 7, WIDTH])}
            data = array.array("B", rng.randbytes(rng.choice([0, 1, 900])))
            image = Image(header=header, encoding=rng.choice(["rgb8", "nv24", "", "32FC1"]), **sizes)
            image.step, image.data = rng.choice([0, 5, 3 * WIDTH]), data
            self.images.publish(image)
            self.depths.publish(image)
            self.infos.publish(CameraInfo(header=header, k=[math.nan] * 9, d=[1.0], **sizes))
            wild = rng.choice([math.nan, math.inf, -1e30, 99.0])
            pixel = PointedPixel(u=wild, v=wild, object_id=1, label="red", visible=True, score=wild)
            rogue = PointedPixels(header=header, node="/rogue", points=[pixel] * 3, **sizes)
            self.rogues[rng.choice(["pointed_pixels", "tracked_pixels"])].publish(rogue)
            # What an old track node would have taken: the number of an object of its own, from another node.
            point = PointedPoint3D(object_id=rng.randrange(1, 9), label="red")
            point.position.x = 99.0
            self.rogues["tracked_points_3d"].publish(
                PointedPoints3D(header=header_at(self.now), node="/point_node", points=[point])
            )
        return 50


def header_at(seconds: float) -> Any:
    """A header of the camera."""
    from builtin_interfaces.msg import Time
    from std_msgs.msg import Header

    total = round(seconds * 1e9)
    return Header(stamp=Time(sec=total // 10**9, nanosec=total % 10**9), frame_id="camera_optical_frame")


class Chaos:
    """The run: ticks, random events, and checks of everything that the nodes say."""

    def __init__(self, listener: Listener, folder: Path, seed: int) -> None:
        from diagnostic_msgs.msg import DiagnosticArray
        from molmo_act_interfaces.action import TrackObject
        from molmo_act_interfaces.msg import PointedPoints3D
        from rclpy.action import ActionClient

        self.report = Report(seed)
        self.rng = random.Random(seed)
        self.listener, self.folder = listener, folder
        self.world = World(listener.node, self.rng)
        self.programs: dict[str, Program] = {}
        self.started: dict[str, float] = {}
        self.memory: dict[str, float] = {}  # MiB
        self.statuses: dict[str, tuple[float, Any]] = {}
        self.answered = dict.fromkeys(("points_3d", "tracked_points_3d"), 0.0)
        self.feedback = self.answered.copy()
        subscribe = listener.node.create_subscription
        for topic in self.answered:
            subscribe(PointedPoints3D, topic, lambda m, t=topic: self.check_points(t, m), 50)
        subscribe(DiagnosticArray, "/diagnostics", self.take_status, 50)
        self.actions, self.goal_kind = (
            ActionClient(listener.node, TrackObject, "/track_node/track_object"),
            TrackObject,
        )
        self.lateness = 0.0  # seconds by which an image was late, since an input died
        self.goal: Any = None
        self.goal_sent = 0.0

    # What nodes say

    def take_status(self, message: Any) -> None:
        for status in message.status:
            self.statuses[status.name] = (time.monotonic(), status)

    def fault(self, text: str) -> None:
        print(f"fault: {text}", file=sys.stderr, flush=True)
        self.report.faults.append(text)

    def check_points(self, topic: str, message: Any) -> None:
        if message.node == "/rogue" or (message.points and message.points[0].position.x == 99.0):
            return
        self.answered[topic] = time.monotonic()
        for point in message.points:
            position = np.array([point.position.x, point.position.y, point.position.z])
            self.check_place(topic, message.header.stamp, point.label, position)

    def check_place(self, what: str, stamp: Any, label: str, position: np.ndarray) -> None:
        """Compares a position with the truth at that stamp, in this world or in one that has just ended."""
        colour = label.partition("#")[0]
        moments = self.world.history.get(stamp.sec * 10**9 + stamp.nanosec, [])
        now = time.monotonic()
        tolerance = (0.03, 0.03, 0.005) if "tracked" in what else (0.005, 0.005, 0.005)
        for place, moment in enumerate(reversed(moments)):
            ended = moments[-place].shown if place else now
            if place and now - ended > LATE_S + TICK_S:
                break
            if (np.abs(position - moment.place(colour)) <= tolerance).all():
                self.report.checked += 1
                return
        truth = [(moment.world, moment.place(colour).round(3).tolist()) for moment in moments]
        self.fault(
            f"{what}: {label} at {position.round(3).tolist()}, stamp {stamp.sec}; the truth is {truth}"
        )

    # Processes

    def start(self, name: str) -> None:
        arguments = [str(each) for each in NODES[name]]
        self.started[name] = time.monotonic()
        self.programs[name] = Program(self.folder, [*arguments, "-p", "use_sim_time:=true"], {})

    def end(self) -> None:
        for program in self.programs.values():
            program.send(signal.SIGINT)
        for name, program in self.programs.items():
            try:
                code = program.wait()
            except Exception as error:
                self.fault(f"{name} did not end: {error}")
                continue
            if code != 0 or "Traceback" in program.stderr:
                self.fault(f"{name} ended with {code}: {program.stderr[-600:]}")

    # Events

    def spin(self, seconds: float, until: Callable[[], object] = lambda: False) -> bool:
        """Lets time pass, with images; returns whether the condition came true."""
        end, due = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < end:
            if time.monotonic() >= due:
                self.lateness = max(self.lateness, time.monotonic() - due)
                self.report.lateness_s = round(max(self.report.lateness_s, self.lateness), 2)
                self.world.tick()
                due = max(due + TICK_S, time.monotonic() - TICK_S)
                self.follow_goal()
            self.listener.executor.spin_once(timeout_sec=0.005)
            if until():
                return True
        return bool(until())

    def recover(self, what: str) -> None:
        """Both chains must answer again."""
        begun = time.monotonic()
        alive = self.spin(RECOVERY_S, lambda: min(self.answered.values()) > begun)
        for name, program in self.programs.items():
            if program.process.poll() is not None:
                self.fault(f"{name} ended by itself after {what}: {program.stderr[-600:]}")
                self.start(name)
                return
        if not alive:
            silent = [topic for topic, when in self.answered.items() if when <= begun]
            said = {name: program.stderr[-900:] for name, program in self.programs.items()}
            self.fault(f"nothing on {silent} in {RECOVERY_S:.0f} s after {what}; the nodes said: {said}")

    def input_dies(self) -> None:
        """An input dies; its nodes must say so in time."""
        what = self.rng.choice(sorted(MISSED))
        self.world.dead.add(what)
        died = time.monotonic()

        def said() -> bool:
            return all(
                (found := self.statuses.get(f"{node}: {task}")) is not None
                and found[0] > died
                and found[1].level != b"\x00"
                for node, task in MISSED[what].items()
            )

        self.lateness = 0.0
        if not self.spin(RECOVERY_S, said):
            self.fault(f"a dead {what} was not on /diagnostics after {RECOVERY_S} s")
        noticed = round(time.monotonic() - self.world.published[what], 2)
        self.report.noticed_s = max(self.report.noticed_s, noticed)
        # Where this process waits for the processor, so do the nodes, and so do their reports.
        if noticed > NOTICED_S + 3 * self.lateness:
            self.fault(
                f"a dead {what} was on /diagnostics after {noticed} s only; late by {self.lateness:.2f} s"
            )
        self.spin(self.rng.uniform(0, 5))
        self.world.dead.discard(what)

    def time_goes_back(self) -> None:
        self.world.now -= self.rng.uniform(1.5, 30.0)
        self.world.now = round(self.world.now, 1)
        self.world.begin()
        self.spin(self.rng.uniform(0, 4))

    def time_goes_on(self) -> None:
        self.world.now = round(self.world.now + self.rng.uniform(1.0, 100.0), 1)

    def depth_in_disorder(self) -> None:
        self.world.disorder = True
        self.spin(3.0)
        self.world.disorder = False

    def node_is_killed(self) -> None:
        name = self.rng.choice(sorted(NODES))
        self.forget_goal(name)
        program = self.programs[name]
        program.process.kill()
        program.wait()
        self.memory.pop(name, None)
        self.spin(self.rng.uniform(0, 2))
        self.start(name)

    def node_ends(self) -> None:
        """By a signal: in time, with exit code 0, and with a result for the goal."""
        name = self.rng.choice(sorted(NODES))
        program = self.programs[name]
        program.send(self.rng.choice([signal.SIGINT, signal.SIGTERM]))
        if not self.spin(10.0, lambda: program.process.poll() is not None):
            self.fault(f"{name} did not end by a signal in 10 s")
        if program.wait() != 0:
            self.fault(f"{name} ended with {program.process.returncode}: {program.stderr[-600:]}")
        self.memory.pop(name, None)
        self.start(name)

    def node_pauses(self) -> None:
        name = self.rng.choice(sorted(NODES))
        for transition in ("deactivate", "activate"):
            if not self.change_state(name, transition):
                self.fault(f"{name} did not {transition}")
            self.spin(1.0)

    def settle(self, name: str) -> None:
        """Lets time pass until a node knows this process's clients."""
        self.listener.settle(f"/{name}", wait=lambda until: self.spin(20.0, until))

    def change_state(self, name: str, transition: str) -> bool:
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        client = self.listener.node.create_client(ChangeState, f"/{name}/change_state")
        try:
            if not self.spin(20.0, client.service_is_ready):
                return False
            self.settle(name)
            future = client.call_async(ChangeState.Request(transition=Transition(label=transition)))
            return self.spin(20.0, future.done) and future.result().success
        finally:
            self.listener.node.destroy_client(client)

    def broken_messages(self) -> None:
        for _ in range(4):
            self.report.broken += self.world.break_things()
            self.spin(0.2)

    def fifty_queries(self) -> None:
        """Of the point node, for some seconds; every message must hold all of them."""
        from molmo_act_interfaces.srv import SetQueries

        client = self.listener.node.create_client(SetQueries, "/point_node/set_queries")
        try:
            for queries in ([f"{QUERIES[n % 2]}#{n}" for n in range(50)], QUERIES):
                if not self.spin(20.0, client.service_is_ready):
                    self.fault("set_queries is not there")
                    return
                self.settle("point_node")
                future = client.call_async(SetQueries.Request(queries=queries))
                if not (self.spin(20.0, future.done) and future.result().success):
                    self.fault("set_queries was not answered")
                self.spin(3.0)
        finally:
            self.listener.node.destroy_client(client)

    # The goal

    def follow_goal(self) -> None:
        """There is always a goal; each must end in time."""
        if self.goal is None:
            if self.actions.server_is_ready():
                goal = self.goal_kind.Goal(query=self.rng.choice(["red", "green", "blue"]), duration=4.0)
                self.goal = self.actions.send_goal_async(goal, feedback_callback=self.take_feedback)
                self.goal_sent = time.monotonic()
            return
        if time.monotonic() - self.goal_sent > GOAL_S:
            accepted = self.goal.done() and getattr(self.goal.result(), "accepted", True)
            if self.goal.done() and accepted:
                self.fault(f"a goal has not ended in {GOAL_S} s")
            self.goal = None
        elif self.goal.done():
            result = self.goal.result()
            if hasattr(result, "accepted"):  # the handle: wait for the result next
                if not result.accepted:
                    self.goal = None
                    return
                self.goal = result.get_result_async()
            else:
                self.report.goals[result.result.error_code] += 1
                self.goal = None

    def forget_goal(self, name: str) -> None:
        if name == "track_node":  # what is killed tells nobody
            self.goal = None

    def take_feedback(self, message: Any) -> None:
        told = message.feedback
        if told.has_position:
            point = told.position.point
            self.check_place(
                "tracked feedback",
                told.position.header.stamp,
                told.pixel.label,
                np.array([point.x, point.y, point.z]),
            )

    # The run

    def run(self, seconds: float) -> Report:
        """Runs for so long."""
        begun = time.monotonic()
        for name in NODES:
            self.start(name)
        try:
            self.recover("the start")
            events = [
                *(self.input_dies, self.time_goes_back, self.time_goes_on, self.depth_in_disorder),
                *(self.node_is_killed, self.node_ends, self.node_pauses, self.broken_messages),
                self.fifty_queries,
            ]
            waiting: list[Callable[[], None]] = []
            while time.monotonic() - begun < seconds:
                if not waiting:  # each of them, in another order every time
                    waiting = self.rng.sample(events, len(events))
                event = waiting.pop()
                event()
                self.report.events[event.__name__] += 1
                self.recover(event.__name__)
                self.spin(self.rng.uniform(0.5, 1.5))
                self.measure_memory()
        finally:
            self.end()
            self.actions.destroy()
        self.report.seconds = round(time.monotonic() - begun, 1)
        return self.report

    def measure_memory(self) -> None:
        """Growth is what comes on top of the largest memory of the first minute."""
        for name, program in self.programs.items():
            if program.process.poll() is not None:
                continue
            memory = program.anonymous_memory_mib()
            if time.monotonic() - self.started[name] < WARM_UP_S or name not in self.memory:
                self.memory[name] = max(memory, self.memory.get(name, 0.0))
                continue
            growth = round(memory - self.memory[name], 1)
            if growth > max(GROWTH_MIB + BUFFERS_MIB.get(name, 0.0), self.report.growth_mib):
                self.fault(f"{name} grew by {growth} MiB")
            self.report.growth_mib = max(self.report.growth_mib, growth)


def chaos(seconds: float, seed: int) -> Report:
    """Runs chaos in this process and its children.

    Args:
        seconds: How long.
        seed: Of the random events.

    Returns:
        What happened.
    """
    with tempfile.TemporaryDirectory() as folder, own_ros(Path(folder)):
        listener = Listener()
        try:
            return Chaos(listener, Path(folder), seed).run(seconds)
        finally:
            listener.close()


def main() -> int:
    """Runs chaos with the arguments of the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600.0, help="how long (default 600)")
    parser.add_argument("--seed", type=int, default=1, help="of the random events (default 1)")
    options = parser.parse_args()
    report = chaos(options.seconds, options.seed)
    print(json.dumps(vars(report)))
    return 1 if report.faults else 0


if __name__ == "__main__":
    pytest.importorskip("rclpy")
    sys.exit(main())
