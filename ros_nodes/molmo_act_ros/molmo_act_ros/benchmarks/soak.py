"""Runs a camera and the point node for long and looks for what goes wrong slowly.

    python -m molmo_act_ros.benchmarks.soak --minutes 30

Queries change all the time. One line of JSON comes last; exit code 1 when something was wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field

from std_msgs.msg import String

from molmo_act.cli._writing import Parser
from molmo_act_ros.benchmarks.session import PROFILE, TIMEOUT_S, Consumer, anonymous_mib, program, session

_CHANGE_S = 3.0
_GROWTH_MIB = 32.0


@dataclass
class SoakReport:
    """What happened in a soak.

    Attributes:
        seconds: How long it took.
        answers: How many images were answered.
        changes: How often the query was changed.
        growth_mib: By how much the node's own memory grew after the first fifth, in MiB.
        faults: What went wrong, in words.
    """

    seconds: float = 0.0
    answers: int = 0
    changes: int = 0
    growth_mib: float = 0.0
    faults: list[str] = field(default_factory=list)


def main() -> int:
    """Runs a soak with the arguments of the command line.

    Returns:
        Exit code: 1 when something was wrong.
    """
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default 30)")
    report = soak(60 * parser.parse_args().minutes)
    print(json.dumps(asdict(report)))
    return 1 if report.faults else 0


def soak(seconds: float) -> SoakReport:
    """Runs a camera of 30 Hz at 640 × 480 and the point node.

    Args:
        seconds: How long.

    Returns:
        What happened.
    """
    report = SoakReport()
    with (
        session(PROFILE) as consumer,
        program("camera") as camera,
        program("point", "--delay", 0.02, "--ros-args", "-p", "query:=middle") as node,
    ):
        queries = consumer.node.create_publisher(String, "query", 1)
        if not consumer.warm_up(camera):
            report.faults.append(f"no points came in {TIMEOUT_S:.0f} s")
        begun = changed = time.monotonic()
        memory: list[float] = []
        while node.poll() is None and (passed := time.monotonic() - begun) < seconds:
            before = consumer.answers
            consumer.take(camera, 30)
            report.answers += consumer.answers - before
            if consumer.answers == before:
                report.faults.append(f"no answer to a second of images after {passed:.0f} s")
            if time.monotonic() - changed > _CHANGE_S:
                report.changes += 1
                queries.publish(String(data=f"middle {report.changes}"))
                changed = time.monotonic()
            _judge(consumer, report)
            if passed > seconds / 5:
                memory.append(anonymous_mib(node.pid))
        if node.poll() is not None:
            report.faults.append(f"the node ended with exit code {node.returncode}")
    report.seconds = round(time.monotonic() - begun, 1)
    report.growth_mib = round(memory[-1] - memory[0], 1) if memory else 0.0
    if report.growth_mib > _GROWTH_MIB:
        report.faults.append(f"memory grew by {report.growth_mib} MiB")
    return report


def _judge(consumer: Consumer, report: SoakReport) -> None:
    """Adds faults of the answers so far; clears the ages, or this process would be the one that grows."""
    if any(age < 0 for age in consumer.ages):
        report.faults.append("an answer is older than its image")
    if consumer.disorder:
        report.faults.append("answers came in another order than their images")
    consumer.ages.clear()


if __name__ == "__main__":
    sys.exit(main())
