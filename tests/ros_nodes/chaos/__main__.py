"""Does to the nodes what robots do, all at once and at random, and looks for wrong associations and hangs.

    python -m tests.ros_nodes.chaos --seconds 600 --seed 1

Four nodes run as processes, with a simulated clock: point, track, and a deproject node for each of them. This
process is the camera, the clock, the clients and a rogue. Inputs die and come back, time goes back to another
world and forward, depth comes late and in disorder, nodes are killed, deactivated and restarted, a thousand
broken messages come, and fifty queries. One line of JSON comes last; exit code 1 if something was wrong.
"""

from __future__ import annotations

import argparse
import json
import sys

from tests.ros_nodes.chaos.run import chaos


def main() -> int:
    """Runs chaos with the arguments of the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600.0, help="how long (default 600)")
    parser.add_argument("--seed", type=int, default=1, help="of the random events (default 1)")
    parser.add_argument(
        "--profile",
        default="fastdds_udp.xml",
        help="file of molmo_act_ros that says how messages travel (default fastdds_udp.xml)",
    )
    options = parser.parse_args()
    report = chaos(options.seconds, options.seed, options.profile)
    print(json.dumps(vars(report)))
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
