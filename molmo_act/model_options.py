"""ModelOptions: which model a program loads, and how it asks it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from molmo_act.formats.crop_geometry import check_max_crops
from molmo_act.formats.prompt_templates import PromptTemplates
from molmo_act.pointing.options import PointOptions
from molmo_act.reading.names import check_reader
from molmo_act.request import Bounds

if TYPE_CHECKING:
    from molmo_act import PointingModel
    from molmo_act.embedded.providers import Providers


@dataclass(frozen=True)
class ModelOptions:
    """What nodes and command lines have in common of a model that they load and ask.

    Importing it needs neither torch nor a model.

    Attributes:
        checkpoint: Folder or name, see `molmo_act.load`; None for the bundled one.
        device: See `molmo_act.load`.
        dtype: See `molmo_act.load`.
        quantization: See `molmo_act.load`.
        providers: See `molmo_act.load`, for an exported model; "auto" for the best that work.
        reader: See `molmo_act.load`, a name.
        max_crops: See `PointingModel.point`, as for the next three.
        exactly: Number of points that are forced.
        min_score: Lowest score of a point.
        prompt: How a query is asked.

    Raises:
        InputError: A number is out of range, or the prompt is neither a name nor a template; the rest is
            checked when it is used.
    """

    checkpoint: str | os.PathLike[str] | None = None
    device: str | None = None
    dtype: str | None = None
    quantization: str | None = None
    max_crops: int | None = None
    exactly: int | None = None
    min_score: float = 0.0
    prompt: str | None = None
    providers: Providers | None = None
    reader: str | None = None

    def __post_init__(self) -> None:
        Bounds(min_score=self.min_score, exactly=self.exactly)
        check_max_crops(self.max_crops)
        PromptTemplates.check(self.prompt)
        check_reader(self.reader)

    def load(self) -> PointingModel:
        """Loads the model.

        Returns:
            The model.

        Raises:
            MolmoActError: It cannot be loaded, see `molmo_act.load`.
        """
        import molmo_act

        options: dict[str, Any] = {"device": self.device, "dtype": self.dtype}
        options["quantization"] = self.quantization
        if self.providers is not None:
            options["providers"] = self.providers
        if self.reader is not None:
            options["reader"] = self.reader
        model: PointingModel = molmo_act.load(self.checkpoint, **options)
        return model

    @property
    def point_options(self) -> PointOptions:
        """What was set of crops, numbers, score and prompt, as keyword arguments of `PointingModel.point`."""
        options: PointOptions = {"min_score": self.min_score}
        if self.max_crops is not None:
            options["max_crops"] = self.max_crops
        if self.exactly is not None:
            options["exactly"] = self.exactly
        if self.prompt is not None:
            options["prompt"] = self.prompt
        return options
