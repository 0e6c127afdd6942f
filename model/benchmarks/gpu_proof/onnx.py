"""nano exported to ONNX, run by ONNX Runtime with the CUDA provider: the points of torch, and how fast."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import molmo_act
from model.benchmarks.gpu_proof.rows import Row, part_parser
from molmo_act.export.writing import write_export
from molmo_act.quantization.drift import PROBES, answer_probes, measure_drift
from molmo_act.quantization.export_report import Precision

CLOSE_PX = 0.5
"""How far points may move in fp32, where sums come in another order; what fp16 does to them is only told."""
QUERY = "the red circle"
ROUNDS = 5


def onnx_rows(model: molmo_act.PointingModel, precision: Precision, providers: list[str]) -> Iterator[Row]:
    """Exports a model, loads it, and compares points and times."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, began = Path(temporary) / "export", time.perf_counter()
        write_export(model.model, model.processor, folder, name=model.name, precision=precision)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        yield Row(f"export, {precision}", f"{size:.0f} MB in {time.perf_counter() - began:.0f} s")
        exported = molmo_act.load(folder, providers=providers)
        drift = measure_drift(answer_probes(model), answer_probes(exported))
        yield Row(
            f"points, {precision}, {providers[0]}",
            str(drift),
            f"torch; at most {CLOSE_PX} px in fp32",
            drift.worst_px <= CLOSE_PX if precision == "fp32" else None,
        )
        ours, torchs = _ms(exported), _ms(model)
        yield Row(f"an answer, {precision}", f"{ours:.1f} ms", f"{torchs:.1f} ms: torch, float32")


def _ms(model: Any) -> float:
    """Milliseconds of an answer about the first probe image: the least of a few."""
    image = next(path for path in sorted(PROBES.iterdir()) if path.suffix != ".json")
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        model.point(image, QUERY)
        taken.append(1000 * (time.perf_counter() - began))
    return min(taken)


def main() -> None:
    """Command line."""
    args = part_parser(__doc__).parse_args()
    model = molmo_act.load(device=args.device, dtype="float32")
    provider = "CUDAExecutionProvider" if args.device.type == "cuda" else "CPUExecutionProvider"
    precisions: tuple[Precision, ...] = ("fp32",) if args.small else ("fp32", "fp16")
    for precision in precisions:
        for row in onnx_rows(model, precision, [provider]):
            row.print()


if __name__ == "__main__":
    main()
