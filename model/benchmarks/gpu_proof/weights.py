"""Writes a checkpoint of random weights in a released shape, which the parts that follow load as users do."""

from __future__ import annotations

import time
from pathlib import Path

from model.benchmarks._random_checkpoints import write_checkpoint
from model.benchmarks._random_models import SIZES
from model.benchmarks.gpu_proof.rows import Row, dtype_of, part_parser


def main() -> None:
    """Command line."""
    parser = part_parser(__doc__)
    parser.add_argument("--shape", required=True, choices=SIZES)
    parser.add_argument("--checkpoint", type=Path, required=True)
    args = parser.parse_args()
    began = time.perf_counter()
    write_checkpoint(args.shape, dtype_of(args), args.checkpoint)
    size = sum(path.stat().st_size for path in args.checkpoint.iterdir()) / 1e9
    Row("checkpoint of random weights", f"{size:.1f} GB in {time.perf_counter() - began:.0f} s").print()


if __name__ == "__main__":
    main()
