"""Points on the keyframes of a stream with what came before them: `StreamPointer`s. Knows no tracks.

Each way reads the newest frame, with earlier ones, into an `EncodedImage`; what is asked of it then is asked
as of any picture.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor

from molmo_act.asking import READINGS
from molmo_act.decoding.prefill import Prefix
from molmo_act.decoding.window import SeenFrame, SlidingPrefix, read_anew
from molmo_act.encoded_image import EncodedImage
from molmo_act.errors import InputError
from molmo_act.modeling import MolmoPointForConditionalGeneration
from molmo_act.modeling.core import Views
from molmo_act.modeling.video_processing import ProcessedVideo
from molmo_act.modeling.video_sampling import SampledVideo
from molmo_act.modeling.vision_tokens import video_prompt
from molmo_act.points import Points

if TYPE_CHECKING:
    from molmo_act.pointing_model import PointingModel

ROOM_FOR_ANSWERS = 128  # tokens that must be left behind a window for a question and its answer
BESIDE_PATCHES = 12  # tokens of a frame at most: its time and its marks


class FrameReader(Protocol):
    """Reads the newest frame of a stream with what it remembers of earlier ones."""

    def begin(self) -> None:
        """Forgets all frames."""

    def read(self, image: np.ndarray, seconds: float) -> EncodedImage:
        """Reads uint8 RGB (H, W, 3), shown at so many seconds of the stream."""


class RememberingPointer:
    """A `molmo_act.tracking.grounding.StreamPointer` over a reader.

    Args:
        model: Who points.
        reader: Who reads frames for it.
        options: Keyword arguments of `PointingModel.point`.
    """

    def __init__(self, model: PointingModel, reader: FrameReader, **options: Any) -> None:
        self._model, self._reader, self._options = model, reader, options

    def begin(self) -> None:
        """Forgets all frames."""
        self._reader.begin()

    def point(self, image: np.ndarray, seconds: float, queries: list[str]) -> Sequence[Points]:
        """The points of each query on the newest frame."""
        found: list[Points] = self._model.point(self._reader.read(image, seconds), queries, **self._options)
        return found


def frame_reader(
    model: PointingModel, window: int, reading: str, max_crops: int | None
) -> FrameReader | None:
    """Who reads keyframes with earlier ones; None where each is looked at alone.

    Args:
        model: Who points.
        window, reading, max_crops: See `PointingModel.tracker`.

    Raises:
        InputError: They do not go together, or the model cannot do this.
    """
    if window < 1:
        raise InputError(f"window is {window}; expected at least 1.")
    if window == 1 and reading != "exact":
        raise InputError(f"reading is {reading!r} without a window; give one, such as window=8.")
    remembers = getattr(model.model.config, "temporal_module", None) is not None
    if window == 1 and not remembers:
        return None
    if not isinstance(model.model, MolmoPointForConditionalGeneration):
        raise InputError(f"{model.name} writes coordinates as text; it is shown one keyframe at a time.")
    if window == 1:
        return PastFrames(model, max_crops)
    if remembers:
        raise InputError(f"{model.name} has a temporal module, which takes single frames; leave window out.")
    if max_crops is not None:
        raise InputError("max_crops was given with a window, whose frames are one crop each; leave it out.")
    return FrameWindow(model, window, reading)


# --- a window of frames in one prompt -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LookedAt:
    """What is remembered of a frame that the vision tower has looked at.

    Attributes:
        seconds: Of the stream.
        grid: Frames (one), rows and columns of image tokens.
        features_ND: What the language model is given for them.
    """

    seconds: float
    grid: list[int]
    features_ND: Tensor


class FrameWindow:
    """Reads the last frames of a stream in one prompt, as a video; a `FrameReader`.

    The vision tower looks at every frame once. What the language model reads is up to `reading`: "exact"
    reads the window anew for every frame, as the model was taught; "bounded" reads the newest frame only, see
    `molmo_act.decoding.window`. Times in the prompt count from the first frame it shows.

    Args:
        model: A MolmoPoint.
        frames: Most frames of the window, at least 2.
        reading: "exact" or "bounded".

    Raises:
        InputError: An argument is out of range, or the model cannot do this.
    """

    def __init__(self, model: PointingModel, frames: int, reading: str) -> None:
        if reading not in READINGS:
            raise InputError(f"reading is {reading!r}; expected {' or '.join(map(repr, READINGS))}.")
        if frames < 2:
            raise InputError(f"A window holds {frames} frames; expected at least 2.")
        self._model, self._frames, self._reading = model, frames, reading
        self.begin()

    def begin(self) -> None:
        """Forgets all frames."""
        self._shown: deque[LookedAt] = deque(maxlen=self._frames)
        self._sliding = SlidingPrefix(self._model.model, self._frames) if self._reading == "bounded" else None
        self._origin: float | None = None

    def read(self, image: np.ndarray, seconds: float) -> EncodedImage:
        """Reads the newest frame behind those before it.

        Args:
            image: uint8 RGB (H, W, 3).
            seconds: Of the stream.

        Raises:
            InputError: The window is longer than what the model reads.
        """
        began = time.perf_counter()
        cut, views = self.look(image)
        looked = time.perf_counter()
        prefix = self.extend(LookedAt(seconds, cut.grid.tolist(), views.features_ND), views)
        ended = time.perf_counter()
        return EncodedImage(
            prefix=prefix,
            metadata={
                "token_pooling": cut.token_pooling.numpy(),
                "subpatch_mapping": list(cut.subpatch_mapping.numpy()),
                "image_sizes": [cut.video_size],
            },
            model_name=self._model.name,
            preprocess_ms=1000 * (looked - began),
            prefill_ms=1000 * (ended - looked),
        )

    def extend(self, frame: LookedAt, views: Views) -> Prefix:
        """Reads a frame behind those before it, which the language model alone takes part in.

        Args:
            frame: What is remembered of it.
            views: What the vision tower saw.
        """
        if self._sliding is None:
            self._shown.append(frame)
            first = self._shown[0]
            spelled = [self.spell(one, first.seconds, first=one is first) for one in self._shown]
            return read_anew(self._model.model, spelled, views)
        self._origin = frame.seconds if self._origin is None else self._origin
        return self._sliding.append(self.spell(frame, self._origin, first=not len(self._sliding)), views)

    @torch.inference_mode()
    def look(self, image: np.ndarray) -> tuple[ProcessedVideo, Views]:
        """What the vision tower sees of a frame, uint8 RGB (H, W, 3), and how that was cut.

        Raises:
            InputError: See `read`.
        """
        core, processor = self._model.model.model, self._model.processor.video_processor
        size = (image.shape[1], image.shape[0])
        cut = processor.preprocess(SampledVideo(image[None], (0.0,), size), device=core.device)
        self._check_length(len(cut.token_pooling))
        pixels = processor.collate([cut])["pixel_values_videos"]
        return cut, core.look(pixels.to(core.device), cut.token_pooling.to(core.device))

    def spell(self, frame: LookedAt, origin: float, *, first: bool) -> SeenFrame:
        """The frame's place in the prompt."""
        processor = self._model.processor
        text = video_prompt(frame.grid, [frame.seconds - origin], processor.layout)
        ids = processor.tokenizer(text if first else f" {text}", add_special_tokens=False)["input_ids"]
        ids_1W = torch.tensor([[processor.bos_id, *ids] if first else ids], device=self._model.model.device)
        vision = torch.tensor(processor.vision_ids.all(), device=ids_1W.device)
        return SeenFrame(ids_1W, torch.isin(ids_1W, vision), frame.features_ND)

    def _check_length(self, patches: int) -> None:
        room = self._model.model.config.text_config.max_position_embeddings
        needed = self._frames * (patches + BESIDE_PATCHES) + ROOM_FOR_ANSWERS
        if needed > room:
            raise InputError(
                f"A window of {self._frames} frames takes up to {needed} tokens, but {self._model.name} "
                f"reads {room}. Give a smaller window."
            )


# --- the mean of earlier frames -----------------------------------------------------------------------------


class PastFrames:
    """Reads single frames, into which the model's temporal module mixes those before; a `FrameReader`.

    Args:
        model: A MolmoPoint with a temporal module.
        max_crops: See `PointingModel.point`.
    """

    def __init__(self, model: PointingModel, max_crops: int | None = None) -> None:
        self._model, self._max_crops = model, max_crops
        self.begin()

    def begin(self) -> None:
        """Forgets all frames."""
        self._past: deque[Tensor] = deque(maxlen=self._model.model.config.temporal_frames)

    def read(self, image: np.ndarray, seconds: float) -> EncodedImage:
        """Reads the newest frame; its time says nothing here."""
        encoded = self._model.encode(image, max_crops=self._max_crops, past=tuple(self._past))
        self._past.append(encoded.windows_NKC)
        return encoded
