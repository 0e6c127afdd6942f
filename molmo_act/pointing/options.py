"""Arguments that several methods of `PointingModel` take: their types, and what is refused of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, TypeVar, get_args

from molmo_act.errors import InputError
from molmo_act.io.locations import describe, is_file_source
from molmo_act.io.media_kind import is_video

if TYPE_CHECKING:
    from molmo_act.segmentation.propagator import MaskPropagator, PropagatorName, StreamingPropagator

Item = TypeVar("Item")
Many: TypeAlias = "list[Item] | tuple[Item, ...]"
"""Several of something, each of which gets an answer; a list of paths is a list of images, too."""
Order: TypeAlias = Literal["reference", "masked"]
"""What happens when the best patch lies before the last point, see `PointingModel.point`."""
WindowMode: TypeAlias = Literal["full", "sliding"]
"""How a window of keyframes is read, see `PointingModel.tracker`."""
TrackMode: TypeAlias = Literal["stream", "offline"]
"""How a video is tracked, see `PointingModel.track`."""
TRACK_MODES: tuple[TrackMode, ...] = get_args(TrackMode)
DTYPE_NAMES = ("float32", "bfloat16", "float16", "fp32", "bf16", "fp16")
"""Names of the types that models run in, see `molmo_act.load`; for programs without torch."""
QUANTIZATION_NAMES = ("nf4", "int8", "int8-dynamic")
"""Names of what `molmo_act.load` takes as `quantization`."""


class PointOptions(TypedDict, total=False):
    """Keyword arguments of `PointingModel.point`, which says what they mean."""

    max_points: int | None
    exactly: int | None
    min_score: float
    max_crops: int | None
    timeout: float | None
    order: Order
    prompt: str | None


class VideoOptions(TypedDict, total=False):
    """Keyword arguments of `PointingModel.point_in_video`, which says what they mean."""

    max_points: int | None
    exactly: int | None
    min_score: float
    timeout: float | None
    order: Order
    prompt: str | None
    fps: float
    max_frames: int | None
    start: float
    end: float | None


class TrackerFields(TypedDict, total=False):
    """Fields of `molmo_act.tracking.config.TrackerConfig`, which says what they mean."""

    rate: float
    synchronous: bool
    latency: float
    max_misses: int
    lost_timeout: float
    max_objects: int


class StreamTrackOptions(TypedDict, total=False):
    """Keyword arguments of `PointingModel.track` with mode "stream": those of `PointingModel.tracker`."""

    max_points: int | None
    min_score: float
    max_crops: int | None
    timeout: float | None
    order: Order
    prompt: str | None
    window: int
    window_mode: WindowMode
    rate: float
    latency: float
    max_misses: int
    lost_timeout: float
    max_objects: int
    masks: PropagatorName | StreamingPropagator | None


class SegmentKeywords(TypedDict, total=False):
    """Keyword arguments of `PointingModel.segment`, which says what they mean."""

    rate: int
    propagator: PropagatorName | MaskPropagator
    bidirectional: bool
    agreement: float
    max_points: int | None
    min_score: float
    max_crops: int | None
    timeout: float | None
    order: Order
    prompt: str | None
    fps: float
    start: float
    end: float | None


class OfflineTrackOptions(TypedDict, total=False):
    """Keyword arguments of `PointingModel.track` with mode "offline"."""

    max_points: int | None
    min_score: float
    order: Order
    timeout: float | None
    prompt: str | None
    max_frames: int | None
    max_fps: float | None


class TrackOptions(StreamTrackOptions, OfflineTrackOptions, total=False):
    """Keyword arguments of `PointingModel.track` in either mode."""


def refuse_exactly(options: Mapping[str, object], verb: str) -> None:
    """Refuses a certain number of points where it would be the answer, or hide that nothing is there.

    Args:
        options: What was given, by name.
        verb: The method that was called.

    Raises:
        InputError: `exactly` was given.
    """
    if options.get("exactly") is not None:
        raise InputError(
            f"exactly={options['exactly']} was given to {verb}(), which has to find out itself how many "
            "there are; leave it out, or ask point(). max_points is a bound."
        )


def refuse_unknown(options: Mapping[str, object], known: type[Any], verb: str, *named: str) -> None:
    """Refuses options that a method hands on to another, which would refuse them in its own name.

    Args:
        options: What was given, by name.
        known: A TypedDict of the options that are handed on.
        verb: The method that was called.
        named: Options that it names itself.

    Raises:
        TypeError: There is no such option, as Python says it of a function.
    """
    allowed = sorted({*known.__optional_keys__, *named} - {"exactly"})
    for name in options:
        if name not in allowed and name != "exactly":
            raise TypeError(
                f"{verb}() got an unexpected keyword argument {name!r}; expected some of {', '.join(allowed)}"
            )


def check_track_options(mode: TrackMode, options: Mapping[str, object]) -> None:
    """Refuses options of `PointingModel.track` that have no meaning in a mode.

    Args:
        mode: How the video is tracked.
        options: What was given, by name.

    Raises:
        InputError: An option is of the other mode, or of `PointingModel.tracker` or `PointingModel.point`.
        TypeError: There is no such option in either mode.
    """
    refuse_exactly(options, "track")
    known = TrackOptions.__optional_keys__
    options_of_mode = OfflineTrackOptions if mode == "offline" else StreamTrackOptions
    allowed = options_of_mode.__optional_keys__
    for name in options:
        if name == "synchronous":
            raise InputError(
                "synchronous was given to track(), which waits for every answer of the model; leave it out. "
                "tracker() has both ways."
            )
        if name not in known:
            raise TypeError(
                f"track() got an unexpected keyword argument {name!r}; expected some of "
                f"{', '.join(sorted(allowed))}"
            )
        if name not in allowed:
            raise InputError(
                f"{name} was given, which has no meaning with mode={mode!r}; expected some of "
                f"{', '.join(sorted(allowed))}."
            )


def refuse_videos(images: Sequence[object], verb: str) -> None:
    """Refuses videos where images are wanted.

    Args:
        images: What a caller gave as images.
        verb: What was asked for: "point" or "count".

    Raises:
        InputError: One of them is a video.
    """
    for image in images:
        if is_file_source(image) and is_video(image):
            raise InputError(
                f"The image {describe(image)} is a video, and {verb}() takes images. Call {verb}_in_video(), "
                "or track() to follow objects from frame to frame."
            )
