"""Compares an export with the model that it was made from, on the bundled probe images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from molmo_act.embedded.load import load_exported
from molmo_act.errors import CheckpointError
from molmo_act.outputs.points import Points
from molmo_act.quantization.drift import answer_probes, measure_drift
from molmo_act.quantization.export_report import ExportReport, Precision


def compare_export(
    folder: Path, expected: Sequence[Points], precision: Precision, max_drift_px: float | None
) -> ExportReport:
    """Asks an export about the probe images.

    Args:
        folder: The export.
        expected: What `answer_probes` gave of the model.
        precision: How it is stored.
        max_drift_px: How far a point may move; None for any distance.

    Returns:
        What changed.

    Raises:
        CheckpointError: A point moved farther, was lost or added.
    """
    found = answer_probes(load_exported(folder, ["CPUExecutionProvider"]))
    drift = measure_drift(expected, found)
    if max_drift_px is not None and drift.worst_px > max_drift_px:
        raise CheckpointError(
            f"The export in {precision} moves points too far ({drift}); at most {max_drift_px} px were "
            "allowed, with none lost or added. Nothing was written: take another precision, or allow more."
        )
    size = sum(path.stat().st_size for path in folder.iterdir())
    same = sum(ours.text == theirs.text for ours, theirs in zip(expected, found, strict=True))
    return ExportReport(precision, size / 1e6, same, drift)
