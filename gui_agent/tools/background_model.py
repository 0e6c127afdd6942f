"""A model that loads while other things happen, and is waited for when it is first needed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from gui_agent.vision.grounder import GroundingModel
from molmo_act.errors import MolmoActError
from molmo_act.outputs.points import Points

if TYPE_CHECKING:
    from PIL import Image


class BackgroundModel:
    """A model that a thread of its own loads.

    Args:
        load: Gives the model.
    """

    def __init__(self, load: Callable[[], GroundingModel]) -> None:
        self._load = load
        self._model: Future[GroundingModel] = Future()
        self._lock = threading.Lock()
        self._is_started = False

    def start(self) -> None:
        """Begins to load, unless that has begun already; what fails is told on stderr and at each use."""
        with self._lock:
            is_first, self._is_started = not self._is_started, True
        if is_first:
            threading.Thread(target=self._run, name="model", daemon=True).start()

    def point(self, image: Image.Image, query: str) -> Points:
        """Points at what the query names, once the model is there; see `GroundingModel.point`.

        Raises:
            MolmoActError: It cannot be loaded.
        """
        return self._loaded().point(image, query)

    @property
    def encode(self) -> Any:
        """What reads an image once for many questions, where the model has that."""
        return getattr(self._loaded(), "encode", None)

    @property
    def name(self) -> str:
        """The model's name."""
        return str(getattr(self._loaded(), "name", ""))

    @property
    def calibrated(self) -> bool:
        """Whether scores say how likely a point is right."""
        return bool(getattr(self._loaded(), "calibrated", False))

    def _loaded(self) -> GroundingModel:
        self.start()
        return self._model.result()

    def _run(self) -> None:
        try:
            self._model.set_result(self._load())
        except BaseException as error:
            if isinstance(error, MolmoActError):
                print(f"gui-agent: error: {error}", file=sys.stderr, flush=True)
            self._model.set_exception(error)
