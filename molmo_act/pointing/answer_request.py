"""AnswerRequest: a question, what it is about and how it is to be answered, checked before a model runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from molmo_act.errors import InputError
from molmo_act.formats.crop_geometry import check_max_crops
from molmo_act.generation.limits import ANSWER_TOKENS
from molmo_act.io.camera import is_live
from molmo_act.io.frames import DEFAULT_FPS, VideoSource
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.io.locations import is_file_source
from molmo_act.io.media_kind import is_video
from molmo_act.pointing.options import Many, Order
from molmo_act.pointing.prompts import Message
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.pointing.videos import FrameSelection
from molmo_act.request import MAX_QUESTION_LENGTH, Bounds
from molmo_act.validation import check_bool, check_int

if TYPE_CHECKING:
    from typing import TypedDict

    class AnswerOptions(TypedDict, total=False):
        """Keyword arguments of `PointingModel.answer`, which says what they mean."""

        style: str | None
        max_crops: int | None
        timeout: float | None
        order: Order
        fps: float
        max_frames: int | None
        start: float
        end: float | None


Shown: TypeAlias = "ImageInput | Many[ImageInput] | VideoSource | None"
"""What a question is about."""


@dataclass(frozen=True)
class AnswerRequest:
    """What is asked.

    Attributes:
        text: The question, in words.
        images: uint8 RGB (H, W, 3), what one prompt shows; none for text alone or a video.
        video: A video in place of images.
        frames: Which of its frames the model looks at.
        style: See `molmo_act.pointing.prompts.text_part`.
        max_crops: Most high-resolution crops of an image; None for the checkpoint's own number.
        bounds: Time limit and order.
        max_new_tokens: Most tokens of the answer; of a VideoMolmo, about each frame.
        history: Earlier turns of the conversation, without what they show.
    """

    text: str = ""
    images: Sequence[np.ndarray] = ()
    video: Any = None
    frames: FrameSelection = field(default_factory=FrameSelection)
    style: str | None = None
    max_crops: int | None = None
    bounds: Bounds = field(default_factory=Bounds)
    max_new_tokens: int = ANSWER_TOKENS
    history: Sequence[Message] = ()


def answer_request(
    runtime: PointingRuntime,
    image: Any,
    *,
    style: str | None = None,
    max_crops: int | None = None,
    timeout: float | None = None,
    order: Order = "reference",
    fps: float = DEFAULT_FPS,
    max_frames: int | None = None,
    start: float = 0.0,
    end: float | None = None,
) -> AnswerRequest:
    """Checks what a question is about, and how it is to be answered.

    Args:
        runtime: The model that will be asked.
        image: See `PointingModel.answer`, as are the options.
        style: Name of a style.
        max_crops: Most high-resolution crops of an image.
        timeout: Seconds after which decoding stops.
        order: Order of points.
        fps: Frames per second of images in order.
        max_frames: Most frames.
        start: Seconds at which the part to look at begins.
        end: Seconds at which it ends.

    Returns:
        The request, without its question.

    Raises:
        ImageError: An image cannot be used.
        InputError: The model does not answer questions, or does not read what it is to be shown; or a number
            is out of range.
        QueryError: The style is no plain words.
    """
    require_answers(runtime)
    check_max_crops(max_crops)
    if style is not None:
        runtime.check_query(style, "style")
    bounds = Bounds(timeout=timeout, order=order)
    frames = FrameSelection(fps, max_frames, start=start, end=end)
    video = image if _is_moving(image) else None
    images = [] if image is None or video is not None else image
    if isinstance(images, (list, tuple)):
        if image is not None and video is None and not images:
            raise InputError(
                "The question came with an empty list of images; give one, or None for text alone."
            )
        shown = [to_rgb(one) for one in images]
    else:
        shown = [to_rgb(images)]
    if shown:
        runtime.require_single_images()
    if video is not None and not runtime.reads_frames:
        runtime.require_videos()
    return AnswerRequest(
        images=shown, video=video, frames=frames, style=style, max_crops=max_crops, bounds=bounds
    )


def check_question(runtime: PointingRuntime, question: object, max_new_tokens: object, stream: object) -> str:
    """Checks a question.

    Args:
        runtime: The model that will be asked.
        question: What a caller gave as a question.
        max_new_tokens: What a caller gave as the most tokens of an answer.
        stream: What a caller gave as whether to stream.

    Returns:
        The question.

    Raises:
        InputError: A number is out of range, or something is of another type.
        QueryError: The question is empty, too long, or holds control tokens.
    """
    runtime.check_query(question, "question", MAX_QUESTION_LENGTH)
    check_int("max_new_tokens", max_new_tokens)
    check_bool("stream", stream)
    return str(question)


def require_answers(runtime: PointingRuntime) -> None:
    """Refuses a model that was taught to point and nothing else.

    Args:
        runtime: The model.

    Raises:
        InputError: Its config.json says so.
    """
    if not getattr(runtime.config, "answers_questions", True):
        raise InputError(
            f"{runtime.name} was taught to point, not to answer questions. Use point() or count(), or load "
            "a checkpoint that was, such as allenai/MolmoPoint-8B."
        )


def refuse_passing(video: object) -> None:
    """Refuses, for several questions, a video whose frames come once.

    Args:
        video: What the questions are about; None for no video.

    Raises:
        InputError: It is an iterator or a live source.
    """
    if _is_iterator(video) or is_live(video):
        given = "live" if is_live(video) else f"a {type(video).__name__}"
        raise InputError(
            f"The video of a chat is {given}, whose frames come once, but every question looks at them "
            "again; expected a file, a folder, or the frames in an array: np.stack(list(frames))."
        )


def _is_moving(image: object) -> bool:
    """Whether what a question is about moves: a video, a camera, frames in an array or from an iterator."""
    if isinstance(image, np.ndarray):
        return image.ndim == 4
    return is_video(image) or is_live(image) or _is_iterator(image)


def _is_iterator(image: object) -> bool:
    """Whether a value gives frames one by one. Python calls file objects iterators, too."""
    return isinstance(image, Iterator) and not is_file_source(image)
