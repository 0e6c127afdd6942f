"""A camera stream at 30 frames a second: what an update of the tracker takes while nano grounds keyframes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.benchmarks.gpu_proof.rows import Row, part_parser
from model.benchmarks.tracker import measure_update

FRAME_MS = 1000 / 30


def stream_rows(found: Mapping[str, Any], *, keeps_up: bool) -> list[Row]:
    """What `measure_update` found; `keeps_up` insists on 95 % of the frames in time, and on groundings."""
    passed = found["p95_ms"] < FRAME_MS if keeps_up else None
    times = f"p50 {found['p50_ms']} ms, p95 {found['p95_ms']} ms, most {found['max_ms']} ms"
    grounded = (found["groundings"] > 0 or not keeps_up) and not found["grounding_errors"]
    return [
        Row(f"update, {found['frames']} frames", times, f"{FRAME_MS:.1f} ms: a frame", passed),
        Row(
            "keyframes grounded meanwhile",
            f"{found['groundings']}, the last in {1000 * found['last_grounding_latency_s']:.0f} ms",
            f"{found['grounding_errors']} errors",
            grounded,
        ),
    ]


def main() -> None:
    """Command line."""
    args = part_parser(__doc__).parse_args()
    seconds, rate = (2.0, 1.0) if args.small else (6.0, 5.0)
    # A rehearsal shares its cores with other parts, so that its times mean nothing.
    for row in stream_rows(measure_update(seconds, rate, args.device), keeps_up=not args.small):
        row.print()


if __name__ == "__main__":
    main()
