"""PointingModel: images, videos and queries in; Points and Tracks out."""

from __future__ import annotations

import os

from transformers import PreTrainedModel

from molmo_act.generation.own_settings import own_settings
from molmo_act.models.molmo_point import MolmoPointProcessor
from molmo_act.models.saving import save_checkpoint
from molmo_act.pointing.answer_verbs import AnswerVerbs
from molmo_act.pointing.image_verbs import ImageVerbs
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.pointing.segment_verbs import SegmentVerbs
from molmo_act.pointing.track_verbs import TrackVerbs
from molmo_act.pointing.video_verbs import VideoVerbs
from molmo_act.quantization.export_report import OPSET, ExportReport, Precision
from molmo_act.quantization.nf4_layout import check_released_layout
from molmo_act.quantization.precision import PrecisionMap
from molmo_act.validation import check_path


class PointingModel(ImageVerbs, VideoVerbs, TrackVerbs, SegmentVerbs, AnswerVerbs):
    """A model that points at what words name.

    Args:
        model: See `PointingRuntime`; `load` gives a whole `PointingModel`.
        processor: See `PointingRuntime`.
        name: See `PointingRuntime`.

    Attributes:
        runtime: The model with everything that asking it takes.
    """

    def __init__(self, model: PreTrainedModel, processor: MolmoPointProcessor, name: str) -> None:
        self.runtime = PointingRuntime(model, processor, name)

    def __repr__(self) -> str:
        return f"PointingModel({self.name!r}, device={str(self.model.device)!r}, dtype={self.model.dtype})"

    @property
    def model(self) -> PreTrainedModel:
        """The transformers model."""
        return self.runtime.model

    @property
    def processor(self) -> MolmoPointProcessor:
        """The processor of the model."""
        return self.runtime.processor

    @property
    def name(self) -> str:
        """What was loaded: "nano", a folder, or a repository on the hub."""
        return self.runtime.name

    @property
    def calibrated(self) -> bool:
        """Whether scores say how likely a point hits, instead of how likely its cell was."""
        return getattr(self.model.config, "score_curve", None) is not None

    @property
    def precision(self) -> PrecisionMap:
        """In how many bits each part is stored; prints as a table."""
        return PrecisionMap.of(self.model)

    def check_query(self, query: str) -> None:
        """Checks a query without asking it; `point`, `count`, `track` and `tracker` do so themselves.

        Args:
            query: What to find, in words.

        Raises:
            QueryError: It is empty, too long, or not plain words: this model's control tokens among them.
        """
        self.runtime.check_query(query)

    def save_pretrained(self, folder: str | os.PathLike[str]) -> None:
        """Writes the checkpoint, quantized or not, with its precision map; `load` gives the same bits back.

        Args:
            folder: A new one, or one whose files of the same names are replaced.

        Raises:
            InputError: It is no folder and cannot become one; or the NF4 weights of a model that was not
                loaded on this CPU by `load` are lost, since an answer packed them.
        """
        check_path("folder", folder)
        check_released_layout(self.model)
        precision = self.precision
        self.model.config.precision_map = dict(precision.stored)
        save_checkpoint(self.model, self.processor, folder, original_format=not precision.quantized)

    @own_settings()
    def export(
        self,
        folder: str | os.PathLike[str],
        *,
        precision: Precision = "fp32",
        opset: int = OPSET,
        max_drift_px: float | None = None,
    ) -> ExportReport:
        """Writes the model as ONNX graphs, which `molmo_act.load` runs without torch; needs the extra `onnx`.

        Args:
            folder: A new or an empty one.
            precision: How the language blocks are stored: "fp32"; "int8" (products in 8 bits, "dynamic");
                "int4" (weights in 4 bits); or "fp16", for GPUs, which is of all parts.
            opset: Version of the operators of ONNX, at least 18.
            max_drift_px: Refuse an export that moves a point of the bundled probe images farther, or loses or
                adds one; None for any drift, but 0.5 with "fp32".

        Returns:
            What the export answers to the probe images beside this model.

        Raises:
            CheckpointError: It drifts too far; nothing was written then.
            InputError: The model is quantized or no MolmoPoint, or the folder cannot be written.
            MissingExtraError: Without the extra `onnx`.
            PlatformError: torch cannot write the model in that opset.
        """
        from molmo_act.export.checked import export_checked  # a layer above: it runs what it has written

        return export_checked(
            *(self, self.model, self.processor, folder),
            name=self.name,
            precision=precision,
            opset=opset,
            max_drift_px=max_drift_px,
        )
