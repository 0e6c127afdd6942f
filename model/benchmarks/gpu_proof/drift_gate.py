"""The drift gate of `molmo_act.load`: what moves points too far is refused, what does not is loaded."""

from __future__ import annotations

from collections.abc import Iterator

import torch

import molmo_act
from model.benchmarks.gpu_proof.rows import Row, part_parser
from molmo_act.errors import CheckpointError
from molmo_act.quantization.drift import FAR_PX, answer_probes, measure_drift

MARGIN_PX = 1.0
"""Between the drift that was measured and a bound that lets it pass: a GPU may add in another order again."""


def gate_rows(quantization: str, device: torch.device) -> Iterator[Row]:
    """Measures the drift of nano in a precision, and asks the gate with bounds on both sides of it."""
    expected = answer_probes(molmo_act.load(device=device))
    model = molmo_act.load(device=device, quantization=quantization)
    drift = measure_drift(expected, answer_probes(model))
    yield Row(f"nano in {quantization}", str(drift), "its own answers in full precision")
    worst = drift.worst_px
    yield _asked(quantization, device, worst + MARGIN_PX, loads=True)
    if worst > 0:
        yield _asked(quantization, device, min(worst, FAR_PX) / 2, loads=False)


def _asked(quantization: str, device: torch.device, bound: float, *, loads: bool) -> Row:
    """Whether the gate decides as it has to."""
    try:
        molmo_act.load(device=device, quantization=quantization, max_drift_px=bound)
        loaded, found = True, "loaded"
    except CheckpointError:
        loaded, found = False, "refused"
    wanted = "has to load" if loads else "has to be refused"
    return Row(f"{quantization}, max_drift_px={bound:.2f}", found, wanted, loaded == loads)


def main() -> None:
    """Command line."""
    args = part_parser(__doc__).parse_args()
    if args.small:  # nano is known to drift in nf4
        _asked("nf4", args.device, 0.0, loads=False).print()
        return
    for quantization in ("int8", "nf4"):
        for row in gate_rows(quantization, args.device):
            row.print()


if __name__ == "__main__":
    main()
