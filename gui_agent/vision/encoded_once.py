"""EncodedOnce: a model that reads each of the last images once, whatever is asked about it."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from gui_agent.vision.grounder import GroundingModel
from molmo_act.errors import InputError
from molmo_act.outputs.points import Points

if TYPE_CHECKING:
    from PIL import Image

KEPT = 4
"""Images that are kept: a screen, and the parts of it that a second pass looks at."""


class EncodedOnce:
    """Asks a model about encoded images, where it can encode them.

    Args:
        model: Points at what queries name; ``encode``, where it has that, gives what ``point`` takes in the
            place of an image.
    """

    def __init__(self, model: GroundingModel) -> None:
        self._model = model
        self._encode: Any = getattr(model, "encode", None)
        self._encoded: OrderedDict[tuple[tuple[int, int], bytes], Any] = OrderedDict()

    def point(self, image: Image.Image, query: str) -> Points:
        """Points at what the query names; see `GroundingModel.point`."""
        if self._encode is None:
            return self._model.point(image, query)
        key = image.size, image.tobytes()
        if key not in self._encoded:
            try:
                self._encoded[key] = self._encode(image)
            except InputError:  # a model that writes coordinates as text reads the image with each query
                self._encode = None
                return self._model.point(image, query)
            if len(self._encoded) > KEPT:
                self._encoded.popitem(last=False)
        self._encoded.move_to_end(key)
        return self._model.point(self._encoded[key], query)
