"""The four nodes as processes: they are started, killed and ended, and may not grow."""

from __future__ import annotations

import time
from pathlib import Path

from tests.ros_nodes.chaos.report import Report
from tests.ros_nodes.program import PROCESSES, Program

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


class Nodes:
    """The processes by name of their node."""

    def __init__(self, folder: Path, report: Report) -> None:
        self.programs: dict[str, Program] = {}
        self._folder, self._report = folder, report
        self._started: dict[str, float] = {}
        self._memory: dict[str, float] = {}  # MiB, the largest of the first minute

    def start(self, name: str) -> None:
        """Starts a node, with simulated time."""
        arguments = [str(each) for each in NODES[name]]
        self._started[name] = time.monotonic()
        self._memory.pop(name, None)
        self.programs[name] = Program(self._folder, [*arguments, "-p", "use_sim_time:=true"], {})

    def kill(self, name: str) -> None:
        """Kills a node, which has no time to say anything."""
        self.programs[name].process.kill()
        self.programs[name].wait()

    def restart_ended(self, what: str) -> bool:
        """Starts a node that has ended by itself, which is a fault; returns whether there was one."""
        for name, program in self.programs.items():
            if program.process.poll() is not None:
                self._report.fault(f"{name} ended by itself after {what}: {program.stderr[-600:]}")
                self.start(name)
                return True
        return False

    def said(self) -> dict[str, str]:
        """The end of the log of each node."""
        return {name: program.stderr[-900:] for name, program in self.programs.items()}

    def end(self, number: int) -> None:
        """Ends all nodes by a signal; each must leave cleanly."""
        for program in self.programs.values():
            program.send(number)
        for name, program in self.programs.items():
            try:
                code = program.wait()
            except Exception as error:
                self._report.fault(f"{name} did not end: {error}")
                continue
            if code != 0 or "Traceback" in program.stderr:
                self._report.fault(f"{name} ended with {code}: {program.stderr[-600:]}")

    def measure_memory(self) -> None:
        """Growth is what comes on top of the largest memory of the first minute."""
        for name, program in self.programs.items():
            if program.process.poll() is not None:
                continue
            memory = program.anonymous_memory_mib()
            if time.monotonic() - self._started[name] < WARM_UP_S or name not in self._memory:
                self._memory[name] = max(memory, self._memory.get(name, 0.0))
                continue
            growth = round(memory - self._memory[name], 1)
            if growth > max(GROWTH_MIB + BUFFERS_MIB.get(name, 0.0), self._report.growth_mib):
                self._report.fault(f"{name} grew by {growth} MiB")
            self._report.growth_mib = max(self._report.growth_mib, growth)
