"""The run: time passes with images and goals, events happen, and both chains of nodes must answer again."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.ros_nodes.chaos.goals import Goals
from tests.ros_nodes.chaos.nodes import NODES, Nodes
from tests.ros_nodes.chaos.report import Report
from tests.ros_nodes.chaos.rogue import Rogue
from tests.ros_nodes.chaos.truth import Truth
from tests.ros_nodes.chaos.world import TICK_S, World
from tests.ros_nodes.listener import Listener
from tests.ros_nodes.own_ros import own_ros

QUERIES = ["red", "green"]
RECOVERY_S = 30.0  # after which a node that is alive must answer again
NOTICED_S = 3.0  # after the last message: 2 s of silence, and the next look at the inputs
#: Task of the status, and topic, of the inputs that die: by input, by node.
MISSED = {
    "image": {"point_node": "image", "track_node": "image"},
    "depth": {"deproject_node": "depth", "tracked_deproject": "depth"},
    "camera_info": {"deproject_node": "camera_info", "tracked_deproject": "camera_info"},
}


class Chaos:
    """Ticks, random events, and checks of everything that the nodes say."""

    def __init__(self, listener: Listener, folder: Path, seed: int) -> None:
        from diagnostic_msgs.msg import DiagnosticArray

        self.report = Report(seed)
        self.rng = random.Random(seed)
        self.listener = listener
        self.world = World(listener.node, self.rng)
        self.rogue = Rogue(listener.node, self.world)
        self.nodes = Nodes(folder, self.report)
        self.truth = Truth(listener.node, self.world, self.report)
        self.goals = Goals(listener.node, self.rng, self.report, self.truth.take_feedback)
        self.statuses: dict[str, tuple[float, Any]] = {}  # when it came, and the status, by its name
        listener.node.create_subscription(DiagnosticArray, "/diagnostics", self._take_statuses, 50)
        self.lateness = 0.0  # seconds by which an image was late, since an input died

    def run(self, seconds: float) -> Report:
        """Runs for so long."""
        begun = time.monotonic()
        for name in NODES:
            self.nodes.start(name)
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
                self.nodes.measure_memory()
        finally:
            self.nodes.end(signal.SIGINT)
            self.goals.close()
        self.report.seconds = round(time.monotonic() - begun, 1)
        return self.report

    # Time

    def spin(self, seconds: float, until: Callable[[], object] = lambda: False) -> bool:
        """Lets time pass, with images; returns whether the condition came true."""
        end, due = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < end:
            if time.monotonic() >= due:
                self.lateness = max(self.lateness, time.monotonic() - due)
                self.report.lateness_s = round(max(self.report.lateness_s, self.lateness), 2)
                self.world.tick()
                due = max(due + TICK_S, time.monotonic() - TICK_S)
                self.goals.follow()
            self.listener.executor.spin_once(timeout_sec=0.005)
            if until():
                return True
        return bool(until())

    def recover(self, what: str) -> None:
        """Both chains must answer again."""
        begun, answered = time.monotonic(), self.truth.answered
        alive = self.spin(RECOVERY_S, lambda: min(answered.values()) > begun)
        self.report.silent_s = max(self.report.silent_s, round(time.monotonic() - begun, 1))
        if not self.nodes.restart_ended(what) and not alive:
            silent = [topic for topic, when in answered.items() if when <= begun]
            self.report.fault(
                f"nothing on {silent} in {RECOVERY_S:.0f} s after {what}; the nodes said: {self.nodes.said()}"
            )

    def _take_statuses(self, message: Any) -> None:
        for status in message.status:
            self.statuses[status.name] = (time.monotonic(), status)

    # Events: inputs, time and messages

    def input_dies(self) -> None:
        """An input dies; its nodes must say so in time."""
        what = self.rng.choice(sorted(MISSED))
        self.world.dead.add(what)
        died = time.monotonic()
        programs = [self.nodes.programs[node] for node in MISSED[what]]
        before = [program.waits() for program in programs]

        def said() -> bool:
            return all(
                (found := self.statuses.get(f"{node}: {task}")) is not None
                and found[0] > died
                and found[1].level != b"\x00"
                for node, task in MISSED[what].items()
            )

        self.lateness = 0.0
        if not self.spin(RECOVERY_S, said):
            self.report.fault(f"a dead {what} was not on /diagnostics after {RECOVERY_S} s")
        noticed = round(time.monotonic() - self.world.published[what], 2)
        self.report.noticed_s = max(self.report.noticed_s, noticed)
        # A node that waits for the processor is late with its report, and this process with reading it.
        waited = max(
            max((program.waits() - then).values(), default=0.0)
            for program, then in zip(programs, before, strict=True)
        )
        if noticed > NOTICED_S + 3 * self.lateness + waited:
            self.report.fault(
                f"a dead {what} was on /diagnostics after {noticed} s only; this process was late by "
                f"{self.lateness:.2f} s, and a node waited {waited:.2f} s for the processor"
            )
        self.spin(self.rng.uniform(0, 5))
        self.world.dead.discard(what)

    def time_goes_back(self) -> None:
        self.world.now = round(self.world.now - self.rng.uniform(1.5, 30.0), 1)
        self.world.begin()
        self.spin(self.rng.uniform(0, 4))

    def time_goes_on(self) -> None:
        self.world.now = round(self.world.now + self.rng.uniform(1.0, 100.0), 1)

    def depth_in_disorder(self) -> None:
        self.world.disorder = True
        self.spin(3.0)
        self.world.disorder = False

    def broken_messages(self) -> None:
        for _ in range(4):
            self.report.broken += self.rogue.send()
            self.spin(0.2)

    # Events: nodes

    def node_is_killed(self) -> None:
        name = self.rng.choice(sorted(NODES))
        if name == "track_node":
            self.goals.forget()
        self.nodes.kill(name)
        self.spin(self.rng.uniform(0, 2))
        self.nodes.start(name)

    def node_ends(self) -> None:
        """By a signal: in time, with exit code 0, and with a result for the goal."""
        name = self.rng.choice(sorted(NODES))
        program = self.nodes.programs[name]
        program.send(self.rng.choice([signal.SIGINT, signal.SIGTERM]))
        if not self.spin(10.0, lambda: program.process.poll() is not None):
            self.report.fault(f"{name} did not end by a signal in 10 s")
        if program.wait() != 0:
            self.report.fault(f"{name} ended with {program.process.returncode}: {program.stderr[-600:]}")
        self.nodes.start(name)

    def node_pauses(self) -> None:
        name = self.rng.choice(sorted(NODES))
        for transition in ("deactivate", "activate"):
            if not self._change_state(name, transition):
                self.report.fault(f"{name} did not {transition}")
            self.spin(1.0)

    def fifty_queries(self) -> None:
        """Of the point node, for some seconds; every message must hold all of them."""
        from molmo_act_interfaces.srv import SetQueries

        for queries in ([f"{QUERIES[n % 2]}#{n}" for n in range(50)], QUERIES):
            done = self._call(SetQueries, "point_node", "set_queries", SetQueries.Request(queries=queries))
            if done is None or not done.success:
                self.report.fault("set_queries was not answered")
            self.spin(3.0)

    def _change_state(self, name: str, transition: str) -> bool:
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        request = ChangeState.Request(transition=Transition(label=transition))
        done = self._call(ChangeState, name, "change_state", request)
        return done is not None and done.success

    def _call(self, kind: type, node: str, service: str, request: object) -> Any:
        """Calls a service of a node that knows this client; None without an answer in time."""
        client = self.listener.node.create_client(kind, f"/{node}/{service}")
        try:
            if not self.spin(20.0, client.service_is_ready):
                return None
            self.listener.settle(f"/{node}", wait=lambda until: self.spin(20.0, until))
            future = client.call_async(request)
            return future.result() if self.spin(20.0, future.done) else None
        finally:
            self.listener.node.destroy_client(client)


def chaos(seconds: float, seed: int, profile: str) -> Report:
    """Runs chaos in this process and its children.

    Args:
        seconds: How long.
        seed: Of the random events.
        profile: File of the package that says how messages travel.

    Returns:
        What happened.
    """
    with tempfile.TemporaryDirectory() as folder, own_ros(Path(folder), profile):
        listener = Listener()
        try:
            return Chaos(listener, Path(folder), seed).run(seconds)
        finally:
            listener.close()
