"""Runs camera and point node for long and looks for what goes wrong slowly; knows no model.

`python -m ros_nodes.soak --minutes 30`. Queries change all the time. One line of JSON comes last; exit code 1
when something was wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field

from std_msgs.msg import String

from ros_nodes.bench_session import PATIENCE_S, PROFILE, Consumer, anonymous_mib, program, session

_CHANGE_S = 3.0
_GROWTH_MIB = 32.0


@dataclass
class Found:
    """What a soak saw.

    Attributes:
        seconds: How long it took.
        answers: How many pictures were answered.
        changes: How often the query was changed.
        growth_mib: How much the node's own memory grew after the first fifth, in MiB.
        faults: What went wrong, in words.
    """

    seconds: float = 0.0
    answers: int = 0
    changes: int = 0
    growth_mib: float = 0.0
    faults: list[str] = field(default_factory=list)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default 30)")
    found = soak(60 * parser.parse_args().minutes)
    print(json.dumps(asdict(found)))
    return 1 if found.faults else 0


def soak(seconds: float) -> Found:
    """A camera of 30 Hz at 640 × 480 and the point node, for so long."""
    found = Found()
    with (
        session(PROFILE) as consumer,
        program("camera") as camera,
        program("point", "--delay", 0.02, "--ros-args", "-p", "query:=middle") as node,
    ):
        queries = consumer.node.create_publisher(String, "query", 1)
        if not consumer.warm_up(camera):
            found.faults.append(f"no points came in {PATIENCE_S:.0f} s")
        begun = changed = time.monotonic()
        memory: list[float] = []
        while node.poll() is None and (passed := time.monotonic() - begun) < seconds:
            before = consumer.answers
            consumer.take(camera, 30)
            found.answers += consumer.answers - before
            if consumer.answers == before:
                found.faults.append(f"no answer to a second of pictures after {passed:.0f} s")
            if time.monotonic() - changed > _CHANGE_S:
                found.changes += 1
                queries.publish(String(data=f"middle {found.changes}"))
                changed = time.monotonic()
            _judge(consumer, found)
            if passed > seconds / 5:
                memory.append(anonymous_mib(node.pid))
        if node.poll() is not None:
            found.faults.append(f"the node ended with exit code {node.returncode}")
    found.seconds = round(time.monotonic() - begun, 1)
    found.growth_mib = round(memory[-1] - memory[0], 1) if memory else 0.0
    if found.growth_mib > _GROWTH_MIB:
        found.faults.append(f"memory grew by {found.growth_mib} MiB")
    return found


def _judge(consumer: Consumer, found: Found) -> None:
    """Stamps of answers never go back; forgets the ages, or this process would be the one that grows."""
    if any(age < 0 for age in consumer.ages):
        found.faults.append("an answer is older than its picture")
    if consumer.disorder:
        found.faults.append("answers came in another order than their pictures")
    consumer.ages.clear()


if __name__ == "__main__":
    sys.exit(main())
