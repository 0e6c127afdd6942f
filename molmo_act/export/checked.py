"""Exports a model and asks the export about the probe images before it appears under its name."""

from __future__ import annotations

import ctypes
import gc
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from molmo_act.export.parity import compare_export
from molmo_act.export.writing import check_request, write_export
from molmo_act.formats.exported import refuse_export
from molmo_act.models.molmo_point import MolmoPointProcessor
from molmo_act.pointing.streamed import load_streamed
from molmo_act.quantization.drift import PointsAtQueries, answer_probes
from molmo_act.quantization.export_report import OPSET, ExportReport, Precision
from molmo_act.validation import check_number, check_path

FULL_PRECISION_PX = 0.5
"""How far a point of an export in fp32 may move unless a caller says otherwise."""


def export_checkpoint(
    checkpoint: str | os.PathLike[str] | None,
    folder: str | os.PathLike[str],
    *,
    precision: Precision = "fp32",
    opset: int = OPSET,
    max_drift_px: float | None = None,
) -> ExportReport:
    """Exports a checkpoint in little more memory than its export takes: it is read layer by layer.

    Args:
        checkpoint: See `molmo_act.load`.
        folder: See `export_checked`, as for the next three.
        precision: How the language blocks are stored.
        opset: Version of the operators of ONNX.
        max_drift_px: Refuse an export that moves a point farther, or loses or adds one.

    Returns:
        What the export answers beside the checkpoint.

    Raises:
        CheckpointError: The checkpoint cannot be used, or the export drifts too far.
        InputError: See `export_checked`, as for the next two.
        MissingExtraError: Without the extra `onnx`.
        PlatformError: torch cannot write the model in that opset.
    """
    refuse_export(checkpoint)
    check_request(folder, precision, opset)  # loading a checkpoint takes minutes
    # An export in fp32 is as large as the model, so that may be in memory whole.
    pointing = load_streamed(checkpoint, keep=precision == "fp32")
    return export_checked(
        *(pointing, pointing.model, pointing.processor, folder),
        name=pointing.name,
        precision=precision,
        opset=opset,
        max_drift_px=max_drift_px,
        last_use=True,
    )


def export_checked(
    pointing: PointsAtQueries,
    model: Any,
    processor: MolmoPointProcessor,
    folder: str | os.PathLike[str],
    *,
    name: str,
    precision: Precision = "fp32",
    opset: int = OPSET,
    max_drift_px: float | None = None,
    last_use: bool = False,
) -> ExportReport:
    """Writes an export and compares it with its model.

    Args:
        pointing: The model, as it points.
        model: The same as transformers' class.
        processor: Of the model.
        folder: See `molmo_act.export.writing.write_export`.
        name: What the model is called.
        precision: How the language blocks are stored.
        opset: Version of the operators of ONNX.
        max_drift_px: Refuse an export that moves a point of the probe images farther, or loses or adds one;
            None for any drift, but 0.5 with "fp32".
        last_use: Whether the model gives up its weights once it has answered, so that they and the export
            are never both in memory.

    Returns:
        What the export answers beside the model.

    Raises:
        CheckpointError: It drifts too far.
        InputError: See `write_export`.
        MissingExtraError: See `write_export`.
        PlatformError: See `write_export`.
    """
    check_path("folder", folder)
    check_number("max_drift_px", max_drift_px, least=0, what="pixels", none="for any drift", finite=False)
    if max_drift_px is None and precision == "fp32":
        max_drift_px = FULL_PRECISION_PX
    reports: list[ExportReport] = []
    with tqdm(desc=f"Exporting {name}", unit="part", disable=None, leave=False) as bar:

        def on_part(part: str, done: int, of: int) -> None:
            bar.total = of + 2  # the two models answer
            bar.set_postfix_str(part)
            bar.update(done - bar.n)

        def check(written: Path) -> None:
            bar.set_postfix_str("comparing")
            expected = answer_probes(pointing)
            if last_use:
                model.to("meta")
                _return_memory()
            bar.update()
            reports.append(compare_export(written, expected, precision, max_drift_px))
            bar.update()

        write_export(
            *(model, processor, folder),
            name=name,
            precision=precision,
            opset=opset,
            on_part=on_part,
            check=check,
        )
    return reports[0]


def _return_memory() -> None:
    """Returns what was freed to the system; the GNU C library keeps blocks of less than 32 MB otherwise."""
    gc.collect()
    with suppress(AttributeError, OSError, TypeError):  # another library, or Windows
        ctypes.CDLL(None).malloc_trim(0)
