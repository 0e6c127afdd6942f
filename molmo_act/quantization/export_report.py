"""What an export to ONNX answers beside the model that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from molmo_act.quantization.drift import Drift

Precision: TypeAlias = Literal["fp32", "fp16", "int8", "int4"]
"""How an export stores the language blocks; the other parts are fp32, or fp16 with "fp16"."""
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
OPSET = 18
"""Version of the operators of ONNX unless a caller says otherwise."""


@dataclass(frozen=True)
class ExportReport:
    """What an export answers beside the model that it was made from.

    Attributes:
        precision: How the export stores the language blocks.
        megabytes: Size of its files.
        same_answers: Number of queries that both answer in the same ids.
        drift: How far points moved, in pixels.
    """

    precision: Precision
    megabytes: float
    same_answers: int
    drift: Drift

    def __str__(self) -> str:
        return (
            f"{self.precision}, {self.megabytes:.1f} MB: the same ids for {self.same_answers} of "
            f"{self.drift.queries} queries; {self.drift}"
        )
