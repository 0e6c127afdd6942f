"""A model that is loaded at first use and always asked in the same way: `ModelOptions` for a desktop."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from molmo_act.model_options import ModelOptions
from molmo_act.outputs.points import Points
from molmo_act.pointing.read_image import ReadImage

if TYPE_CHECKING:
    from PIL import Image
    from typing_extensions import Self


class ConfiguredModel:
    """A `GroundingModel` of options.

    Args:
        options: Which model, and how it is asked. Their `min_score` is a rule of the desktop, not a question:
            what scores less is still reported as seen.
    """

    def __init__(self, options: ModelOptions) -> None:
        self.options = options
        self._asked: dict[str, Any] = {**options.point_options}
        self._asked.pop("min_score")

    def load(self) -> Self:
        """Loads the model now.

        Returns:
            This model.

        Raises:
            MolmoActError: It cannot be loaded, see `molmo_act.load`.
        """
        self._model  # noqa: B018  # a property that loads
        return self

    def point(self, image: Image.Image, query: str) -> Points:
        """Points at what the query names; see `GroundingModel.point`.

        Raises:
            MolmoActError: The model cannot be loaded, or not asked in that way.
        """
        asked = self._asked
        if isinstance(image, ReadImage):  # cut into crops when it was encoded
            asked = {name: value for name, value in asked.items() if name != "max_crops"}
        points: Points = self._model.point(image, query, **asked)
        return points

    @property
    def encode(self) -> Any:
        """What reads an image once for many questions; see `PointingModel.encode`."""
        options = {} if self.options.max_crops is None else {"max_crops": self.options.max_crops}
        encode = getattr(self._model, "encode", None)
        return None if encode is None else partial(encode, **options)

    @property
    def name(self) -> str:
        """The model's name, by which probabilities fitted for it are found."""
        return str(getattr(self._model, "name", ""))

    @property
    def calibrated(self) -> bool:
        """Whether scores say how likely a point is right."""
        return bool(getattr(self._model, "calibrated", False))

    @cached_property
    def _model(self) -> Any:
        return self.options.load()
