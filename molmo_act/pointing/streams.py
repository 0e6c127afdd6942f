"""Points on the keyframes of a stream, with earlier keyframes as context.

A `FrameReader` reads the newest frame together with earlier ones into an `EncodedImage`, which is then asked
about like any image. `ContextPointer` makes a pointer of a reader for `molmo_act.tracking`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from molmo_act.errors import InputError
from molmo_act.formats.crop_geometry import check_max_crops
from molmo_act.formats.vision_tokens import video_prompt
from molmo_act.generation.own_settings import own_settings
from molmo_act.generation.prefill import Prefix
from molmo_act.generation.sliding_window import EncodedFrame, SlidingPrefix, prefill_window
from molmo_act.models.molmo_point.core import ImageFeatures
from molmo_act.models.molmo_point.frame_sampling import SampledVideo
from molmo_act.models.molmo_point.video_processing_molmo_point import ProcessedVideo
from molmo_act.outputs.points import Points
from molmo_act.pointing.encoded_image import EncodedImage
from molmo_act.pointing.frame_by_frame import NeighbourFramesPointer
from molmo_act.pointing.images import encode_image, point_in_encoded, point_in_image
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.request import WINDOW_MODES, Bounds
from molmo_act.tracking.keyframe import Pointer, StreamPointer
from molmo_act.validation import check_choice, check_int

ANSWER_TOKENS = 128  # that must be left behind a window for a question and its answer
FRAME_MARK_TOKENS = 12  # of a frame beside its patches, at most: its time and its marks


class FrameReader(Protocol):
    """Reads the newest frame of a stream with what it remembers of earlier ones."""

    def reset(self) -> None:
        """Forgets all frames."""

    def read(self, image: np.ndarray, seconds: float) -> EncodedImage:
        """Reads the newest frame.

        Args:
            image: uint8 RGB (H, W, 3).
            seconds: Time of the stream at which it is shown.

        Returns:
            The frame as the model has read it, behind earlier ones.
        """


class ContextPointer:
    """Points on keyframes that a reader shows to the model; a `molmo_act.tracking.keyframe.StreamPointer`.

    Args:
        runtime: The model that points.
        reader: What reads keyframes for it.
        bounds: How much of each answer is wanted.
        prompt: How a query is asked, see `PromptTemplates.choose`.
    """

    def __init__(
        self, runtime: PointingRuntime, reader: FrameReader, bounds: Bounds, prompt: str | None = None
    ) -> None:
        self._runtime, self._reader, self._bounds, self._prompt = runtime, reader, bounds, prompt
        self._newest: tuple[float, EncodedImage] | None = None

    def reset(self) -> None:
        """Forgets all frames."""
        self._newest = None
        self._reader.reset()

    @own_settings()
    def point(self, image: np.ndarray, seconds: float, queries: list[str]) -> Sequence[Points]:
        """Points at each query on the newest keyframe.

        Args:
            image: uint8 RGB (H, W, 3).
            seconds: Time of the stream at which it is shown. The keyframe of the time before is not read
                twice.
            queries: What to find.

        Returns:
            Points for each query, in pixels of the keyframe.
        """
        if self._newest is None or self._newest[0] != seconds:
            self._newest = seconds, self._reader.read(image, seconds)
        return point_in_encoded(self._runtime, self._newest[1], queries, self._bounds, self._prompt)


def make_pointer(
    runtime: PointingRuntime,
    bounds: Bounds,
    window: int = 1,
    window_mode: str = "full",
    max_crops: int | None = None,
    prompt: str | None = None,
) -> Pointer | StreamPointer:
    """Chooses how a model points on the keyframes of a stream.

    Args:
        runtime: The model.
        bounds: How much of each answer is wanted.
        window: See `make_frame_reader`, as are the next two.
        window_mode: See `make_frame_reader`.
        max_crops: See `make_frame_reader`.
        prompt: How a query is asked, see `PromptTemplates.choose`.

    Returns:
        What a `StreamingTracker` takes.

    Raises:
        InputError: See `make_frame_reader`.
    """
    reader = make_frame_reader(runtime, window, window_mode, max_crops)
    if reader is not None:
        return ContextPointer(runtime, reader, bounds, prompt)
    if runtime.reads_frames:
        return NeighbourFramesPointer(runtime, bounds, max_crops, prompt)

    def pointer(image: np.ndarray, queries: list[str]) -> list[Points]:
        return point_in_image(runtime, image, queries, bounds, max_crops, prompt)

    return pointer


def make_frame_reader(
    runtime: PointingRuntime, window: int, window_mode: str, max_crops: int | None
) -> FrameReader | None:
    """Chooses how keyframes are read together with earlier ones.

    Args:
        runtime: The model that reads.
        window: How many of the last keyframes the model is shown.
        window_mode: "full" or "sliding", see `WindowReader`.
        max_crops: Most high-resolution crops of a keyframe that is shown alone.

    Returns:
        A reader; None where each keyframe is shown alone, or with the frames directly before it.

    Raises:
        InputError: The options do not go together, or the model cannot do this.
    """
    window = check_int("window", window)
    check_choice("window_mode", window_mode, WINDOW_MODES)
    check_max_crops(max_crops)
    if window == 1 and window_mode != "full":
        raise InputError(f"window_mode is {window_mode!r} without a window; give one, such as window=8.")
    if window == 1 and not runtime.has_temporal_module:
        return None
    runtime.require_grounding_tokens("it is shown one keyframe at a time.")
    if window == 1:
        return PastFramesReader(runtime, max_crops)
    if runtime.has_temporal_module:
        raise InputError(
            f"{runtime.name} has a temporal module, which takes single frames; leave window out."
        )
    if max_crops is not None:
        raise InputError("max_crops was given with a window, whose frames are one crop each; leave it out.")
    return WindowReader(runtime, window, window_mode)


# --- a window of frames in one prompt -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class FrameFeatures:
    """What is kept of a frame after the vision tower has processed it.

    Attributes:
        seconds: Time of the stream at which the frame is shown.
        grid: Frames (one), rows and columns of image tokens.
        features_ND: The language model's inputs for these tokens.
    """

    seconds: float
    grid: list[int]
    features_ND: Tensor


class WindowReader:
    """Reads the last frames of a stream in one prompt, as a video; a `FrameReader`.

    The vision tower processes every frame once. The language model reads the whole window anew for every
    frame, as models were trained (window mode "full"), or the newest frame only ("sliding"), see
    `molmo_act.generation.sliding_window`. Times in the prompt count from the first frame it shows.

    Args:
        runtime: A MolmoPoint.
        frames: Most frames of the window, at least 2.
        window_mode: "full" or "sliding".

    Raises:
        InputError: An argument is out of range, or the model cannot do this.
    """

    def __init__(self, runtime: PointingRuntime, frames: int, window_mode: str) -> None:
        check_choice("window_mode", window_mode, WINDOW_MODES)
        if frames < 2:
            raise InputError(f"A window holds {frames} frames; expected at least 2.")
        self._runtime, self._frames, self._window_mode = runtime, frames, window_mode
        self.reset()

    def reset(self) -> None:
        """Forgets all frames."""
        self._shown: deque[FrameFeatures] = deque(maxlen=self._frames)
        sliding = self._window_mode == "sliding"
        self._sliding = SlidingPrefix(self._runtime.model, self._frames) if sliding else None
        self._origin: float | None = None

    def read(self, image: np.ndarray, seconds: float) -> EncodedImage:
        """Reads the newest frame behind those before it.

        Args:
            image: uint8 RGB (H, W, 3).
            seconds: Time of the stream at which it is shown.

        Returns:
            The frame as the model has read it; only this newest one can be pointed at.

        Raises:
            InputError: The window is longer than what the model reads.
        """
        began = time.perf_counter()
        processed, views = self.extract_features(image)
        extracted = time.perf_counter()
        prefix = self.prefill(FrameFeatures(seconds, processed.grid.tolist(), views.features_ND), views)
        ended = time.perf_counter()
        return EncodedImage(
            prefix=prefix,
            metadata={
                "token_pooling": processed.token_pooling.numpy(),
                "subpatch_mapping": list(processed.subpatch_mapping.numpy()),
                "image_sizes": [processed.video_size],
            },
            model_name=self._runtime.name,
            preprocess_ms=1000 * (extracted - began),
            prefill_ms=1000 * (ended - extracted),
        )

    @torch.inference_mode()
    def extract_features(self, image: np.ndarray) -> tuple[ProcessedVideo, ImageFeatures]:
        """Runs the vision tower on a frame.

        Args:
            image: uint8 RGB (H, W, 3).

        Returns:
            How the frame was resized and cut into patches, and the vision tower's features of them.

        Raises:
            InputError: The window is longer than what the model reads.
        """
        core, processor = self._runtime.model.model, self._runtime.processor.video_processor
        size = (image.shape[1], image.shape[0])
        processed = processor.preprocess(SampledVideo(image[None], (0.0,), size), device=core.device)
        self._check_length(len(processed.token_pooling))
        pixels = processor.collate([processed])["pixel_values_videos"]
        return processed, core.encode_images(pixels.to(core.device), processed.token_pooling.to(core.device))

    def prefill(self, frame: FrameFeatures, views: ImageFeatures) -> Prefix:
        """Runs the language model on a frame behind those before it.

        Args:
            frame: The newest frame.
            views: The vision tower's features of the newest frame.

        Returns:
            Keys, values and grounding tables.
        """
        if self._sliding is None:
            self._shown.append(frame)
            first = self._shown[0]
            frames = [self.encode_frame(one, first.seconds, first=one is first) for one in self._shown]
            return prefill_window(self._runtime.model, frames, views)
        self._origin = frame.seconds if self._origin is None else self._origin
        return self._sliding.append(
            self.encode_frame(frame, self._origin, first=not len(self._sliding)), views
        )

    def encode_frame(self, frame: FrameFeatures, origin: float, *, first: bool) -> EncodedFrame:
        """Writes a frame as the prompt shows it.

        Args:
            frame: The frame.
            origin: Seconds of the stream from which times in the prompt count.
            first: Whether it begins the prompt.

        Returns:
            Token ids of the frame and its features.
        """
        processor = self._runtime.processor
        text = video_prompt(frame.grid, [frame.seconds - origin], processor.layout)
        ids = processor.tokenizer(text if first else f" {text}", add_special_tokens=False)["input_ids"]
        ids_1W = torch.tensor([[processor.bos_id, *ids] if first else ids], device=self._runtime.device)
        vision = torch.tensor(processor.vision_ids.all(), device=ids_1W.device)
        return EncodedFrame(ids_1W, torch.isin(ids_1W, vision), frame.features_ND)

    def _check_length(self, patches: int) -> None:
        room = self._runtime.model.config.text_config.max_position_embeddings
        needed = self._frames * (patches + FRAME_MARK_TOKENS) + ANSWER_TOKENS
        if needed > room:
            raise InputError(
                f"A window of {self._frames} frames takes up to {needed} tokens, but {self._runtime.name} "
                f"reads {room}. Give a smaller window."
            )


# --- the mean of earlier frames -----------------------------------------------------------------------------


class PastFramesReader:
    """Reads single frames, into which the model's temporal module mixes earlier ones; a `FrameReader`.

    Args:
        runtime: A MolmoPoint with a temporal module.
        max_crops: Most high-resolution crops of a frame; None for the checkpoint's own number.
    """

    def __init__(self, runtime: PointingRuntime, max_crops: int | None = None) -> None:
        self._runtime, self._max_crops = runtime, max_crops
        self.reset()

    def reset(self) -> None:
        """Forgets all frames."""
        self._past: deque[Tensor] = deque(maxlen=self._runtime.model.config.temporal_frames)

    def read(self, image: np.ndarray, seconds: float) -> EncodedImage:
        """Reads the newest frame.

        Args:
            image: uint8 RGB (H, W, 3).
            seconds: Time of the stream at which it is shown; makes no difference here.

        Returns:
            The frame as the model has read it, with earlier frames mixed in.
        """
        encoded = encode_image(self._runtime, image, self._max_crops, tuple(self._past))
        self._past.append(encoded.windows_NKC)
        return encoded
