"""Measures the peak memory of `molmo-act export`, and says by arithmetic what the released shapes take.

`python -m model.benchmarks.export_memory` exports a checkpoint of random weights, a tenth of the weights of
MolmoPoint-Vid-4B in bfloat16, once in each precision, each in a process of its own; random weights answer
without end, so both models read one image and are stopped then. One JSON line comes last. Needs the extra
`onnx`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from model._cli import command, make_parser

PRECISIONS = {"fp32": (4.0, 4.0), "fp16": (2.0, 2.0), "int8": (4.0, 1.0), "int4": (4.0, 0.5 + 4 / 32)}
"""Bytes of a weight of an export: outside of the products of the language blocks, and in them."""
WEIGHT = 4
"""Bytes of a weight while a model is exported."""
RELEASED = ("MolmoPoint-8B", "MolmoPoint-Vid-4B")


def one_case(checkpoint: str, folder: Path, precision: str) -> dict[str, float]:
    """Peak memory of an export, and what the process had before it began; both in MB."""
    import onnxruntime  # noqa: F401

    from molmo_act.export import checked, parity

    def answers(model: Any) -> list[Any]:
        image = np.full((240, 320, 3), 200, np.uint8)
        return [model.point(image, "shapes", timeout=1e-3)]

    checked.answer_probes = parity.answer_probes = answers  # type: ignore[attr-defined, assignment]
    began = _peak_mb()
    checked.export_checkpoint(checkpoint, folder, precision=precision, max_drift_px=float("inf"))  # type: ignore[arg-type]
    return {"before_mb": began, "peak_mb": _peak_mb(), "export_mb": _size_mb(folder)}


def run_case(checkpoint: Path, precision: str) -> dict[str, float]:
    """One export in a process of its own."""
    with tempfile.TemporaryDirectory(dir=checkpoint.parent) as beside:
        words = [str(checkpoint), str(Path(beside) / "export"), precision]
        arguments = [sys.executable, "-m", "model.benchmarks.export_memory", "--case", *words]
        done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def arithmetic(config: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """What an export takes in each precision, in GB: its files, and the most that is in memory at once.

    While a checkpoint is read, the model is there without its language blocks, and one of these; in fp32 all
    of them. What is quantized is there a few times while it is. While the export answers, it is in memory
    itself.
    """
    from molmo_act.doctor.plan import count_parameters

    counted, made = count_parameters(config)
    text = made.text_config
    layers, table = text.num_hidden_layers, made.extended_vocab_start * text.hidden_size
    blocks = counted.by_part["language blocks"]
    found = {}
    for precision, (wide, narrow) in PRECISIONS.items():
        # An export has two tables of words, whether the model has one or two.
        stored = counted.total + (0 if counted.head else table) - counted.linear
        export = wide * stored + narrow * counted.linear
        kept = counted.total if precision == "fp32" else counted.total - blocks + blocks / layers
        working = 0 if precision in ("fp32", "fp16") else WEIGHT * blocks / layers
        reading = WEIGHT * kept + working
        found[precision] = {"export_gb": export / 1e9, "peak_gb": max(reading, export) / 1e9}
    return found


def _peak_mb() -> float:
    """Of this program alone: getrusage also counts what its parent had when it began."""
    status = Path("/proc/self/status").read_text().splitlines()
    [most] = [line.split()[1] for line in status if line.startswith("VmHWM:")]
    return int(most) * 1024 / 1e6


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


def table(measured: Mapping[str, Mapping[str, float]], computed: Mapping[str, Any]) -> str:
    """Both as Markdown."""
    lines = [
        "| precision | export, MB | process before, MB | peak, MB | peak beyond both, MB |",
        "|---" * 5 + "|",
    ]
    for precision, found in measured.items():
        beyond = found["peak_mb"] - found["before_mb"] - found["export_mb"]
        sizes = " | ".join(f"{found[key]:.0f}" for key in ("export_mb", "before_mb", "peak_mb"))
        lines.append(f"| {precision} | {sizes} | {beyond:.0f} |")
    lines += ["", "| model | precision | export, GB | peak, GB |", "|---" * 4 + "|"]
    for name, precisions in computed.items():
        for precision, found in precisions.items():
            lines.append(f"| {name} | {precision} | {found['export_gb']:.1f} | {found['peak_gb']:.1f} |")
    return "\n".join(lines)


@command
def main() -> None:
    """Command line."""
    parser: argparse.ArgumentParser = make_parser(__doc__)
    parser.add_argument("--precisions", nargs="+", default=list(PRECISIONS), choices=list(PRECISIONS))
    parser.add_argument("--model", default="a tenth of MolmoPoint-Vid-4B", metavar="NAME")
    parser.add_argument("--case", nargs=3, metavar=("CHECKPOINT", "FOLDER", "PRECISION"))
    args = parser.parse_args()
    if args.case:
        checkpoint, folder, precision = args.case
        print(json.dumps(one_case(checkpoint, Path(folder), precision)))
        return
    import torch

    from model._machine import machine_info
    from model.benchmarks._random_checkpoints import write_checkpoint
    from model.benchmarks._random_models import SIZES

    computed = {name: arithmetic(SIZES[name]().to_dict()) for name in RELEASED}
    with tempfile.TemporaryDirectory() as temporary:
        checkpoint = Path(temporary) / "checkpoint"
        checkpoint.mkdir()
        write_checkpoint(args.model, torch.bfloat16, checkpoint)
        bar = tqdm(args.precisions, desc="exporting")
        measured = {precision: run_case(checkpoint, precision) for precision in bar}
    print(table(measured, computed))
    print(json.dumps({**machine_info(torch.device("cpu")), "measured": measured, "computed": computed}))


if __name__ == "__main__":
    sys.exit(main())
