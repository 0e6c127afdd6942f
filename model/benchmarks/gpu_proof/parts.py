"""The parts of the proof: which programs run, in which order, and how long each may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

SHAPES = ("MolmoPoint-8B", "MolmoPoint-Vid-4B")
SMALL_SHAPES = ("tiny", "tiny, one word table")
PRECISIONS = ("none", "int8", "nf4")
BUDGET_S = 480.0
"""Seconds for all parts together."""


@dataclass(frozen=True)
class Part:
    """A part of the proof.

    Attributes:
        name: What it is about.
        module: The program: a module of this package.
        words: Its arguments.
        limit_s: Seconds after which it is killed.
        needs: Name of a part that has to be done before.
        alone: Whether nothing may run beside it, since its times count.
    """

    name: str
    module: str
    words: tuple[str, ...] = ()
    limit_s: float = 60.0
    needs: str | None = None
    alone: bool = False


def list_parts(scratch: Path, *, rehearsal: bool) -> list[Part]:
    """Lists the parts, what matters most first.

    Args:
        scratch: A folder for the checkpoints of random weights; the caller removes it.
        rehearsal: Whether all of it runs on a CPU, with small shapes.
    """
    where = ("--device", "cpu", "--small") if rehearsal else ("--device", "cuda")
    shapes = {shape: scratch / f"shape-{n}" for n, shape in enumerate(SMALL_SHAPES if rehearsal else SHAPES)}
    parts = [
        Part("card", "card", where, 45, alone=True),
        *(
            Part(f"{shape}, weights", "weights", (*where, "--shape", shape, "--checkpoint", str(folder)), 90)
            for shape, folder in shapes.items()
        ),
        Part("GPU tests", "gpu_tests", where, 120),
        Part("drift gate", "drift_gate", where, 90),
        Part("ONNX, CPU provider" if rehearsal else "ONNX, CUDA provider", "onnx", where, 120),
        Part("captured graphs", "graphs", where, 60, alone=True),
        *(
            _shape(where, shape, folder, precision, "float32" if rehearsal else "bf16")
            for shape, folder in shapes.items()
            for precision in PRECISIONS
        ),
        Part("training, in full", "training", where, 100, alone=True),
        Part("training, QLoRA", "training", (*where, "--adapters", "qlora"), 100, alone=True),
        Part("stream", "stream", where, 60, alone=True),
    ]
    # Times of a rehearsal mean nothing.
    return [replace(part, alone=part.alone and not rehearsal) for part in parts]


def _shape(where: tuple[str, ...], shape: str, folder: Path, precision: str, full: str) -> Part:
    words = (*where, "--shape", shape, "--checkpoint", str(folder), "--quantization", precision)
    name = f"{shape}, {full if precision == 'none' else precision}"
    return Part(name, "shapes", words, 90, needs=f"{shape}, weights", alone=True)


def needed_bytes(parts: Sequence[Part]) -> int:
    """Room that the checkpoints of random weights take on a disk, bfloat16, without making them."""
    shapes = {part.words[part.words.index("--shape") + 1] for part in parts if part.module == "weights"}
    return sum(_CHECKPOINT_BYTES.get(shape, 0) for shape in shapes)


_CHECKPOINT_BYTES = {"MolmoPoint-8B": 18 * 10**9, "MolmoPoint-Vid-4B": 10 * 10**9}
"""Rounded up from the parameters of the two shapes."""
