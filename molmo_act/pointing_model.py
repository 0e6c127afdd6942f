"""PointingModel: images and words in, Points out. Knows the parts, not their insides."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any, cast

import numpy as np
import torch
from transformers import PreTrainedModel

from molmo_act.asking import Bounds, as_list, check_query, paired
from molmo_act.encoded_image import EncodedImage
from molmo_act.engine import LONGEST_ANSWER, Engine, Limits
from molmo_act.errors import InputError
from molmo_act.grammar import AnswerGrammar
from molmo_act.image_pointing import encode_image, point_in_encoded, point_in_pairs, prompt_inputs
from molmo_act.images import ImageInput, to_rgb
from molmo_act.modeling import MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.points import Points
from molmo_act.precision import PrecisionMap
from molmo_act.saving import save_checkpoint
from molmo_act.sources import DEFAULT_FPS, VideoSource, read_frames
from molmo_act.stream_pointing import RememberingPointer, frame_reader
from molmo_act.tracking.grounding import Pointer, StreamPointer
from molmo_act.tracking.settings import TrackerSettings
from molmo_act.tracking.streaming import StreamingTracker
from molmo_act.tracks import Tracks
from molmo_act.whole_video import is_video, point_in_video, track_in_video


class PointingModel:
    """A model that points at what words name.

    Attributes:
        model: The transformers model.
        processor: Its processor.
        name: What was loaded.
    """

    def __init__(self, model: PreTrainedModel, processor: MolmoPointProcessor, name: str) -> None:
        self.model, self.processor, self.name = model, processor, name

    def __repr__(self) -> str:
        return f"PointingModel({self.name!r}, device={str(self.model.device)!r}, dtype={self.model.dtype})"

    def point(
        self,
        image: ImageInput | EncodedImage | Sequence[ImageInput],
        query: str | Sequence[str],
        *,
        max_points: int | None = None,
        min_score: float = 0.0,
        max_crops: int | None = None,
        timeout: float | None = None,
        mode: str = "reference",
        fps: float = DEFAULT_FPS,
        max_frames: int | None = None,
        start: float = 0.0,
        end: float | None = None,
    ) -> Any:
        """Points at what a query names.

        Args:
            image: Path, `PIL.Image`, uint8 RGB array (H, W, 3) or tensor, see `molmo_act.images.to_rgb`; a
                list of them; or what `encode` returned. Or a video, for checkpoints trained on videos: the
                path of a video file or of a folder of pictures.
            query: What to find, in words; or a list. Of two lists, each image goes with its query; a single
                image or query goes with every element of the other's list. A single image or video is
                read once, whatever the number of queries.
            max_points: Stop after so many points.
            min_score: Leave out points of a lower score.
            max_crops: Most detailed crops of an image; None for the checkpoint's own number. More crops
                show smaller things and take longer. Not for what `encode` returned, nor for a video.
            timeout: Seconds after which decoding of a batch stops; the points that are complete by then are
                returned, and `Points.cut` is set.
            mode: Points come in the order of the image's patches. When the best patch lies before the last
                point, "reference" writes words instead, which ends the list early, as released code does;
                "masked" takes the best patch of those that are left, as models were taught. Both score alike
                with nano (`python -m model.evaluation.pointing --mode masked`), so the released way is the
                default.
            fps: Pictures a second of a folder.
            max_frames: Most frames of a video to look at; None for the checkpoint's own number.
            start, end: Seconds of a video between which to look; None for its end.

        Returns:
            `Points` in pixels of the original image; a list of them when a list was given.

        Raises:
            ImageError: An image cannot be used.
            QueryError: A query is empty, too long, or not plain words.
            InputError: The lists have different lengths, or a number is out of range.
        """
        bounds = Bounds(max_points, min_score, timeout, mode)
        images, queries = as_list(image), as_list(query)
        for text in queries:
            check_query(text)
        if max_crops is not None and (isinstance(image, EncodedImage) or is_video(image)):
            raise InputError(
                "max_crops says how an image is cut when it is read. Leave it out for a video, and give it "
                "to encode() for an encoded image."
            )
        if is_video(image):
            part: dict[str, Any] = {"fps": fps, "max_frames": max_frames, "start": start, "end": end}
            about = point_in_video(self, cast(str, image), queries, bounds=bounds, **part)
            return about if isinstance(query, (list, tuple)) else about[0]
        if self._shares(images, queries):
            [one] = images
            encoded = one if isinstance(one, EncodedImage) else self.encode(one, max_crops=max_crops)
            found = point_in_encoded(self, encoded, queries, bounds)
        else:
            pairs = paired([self._pixels(one) for one in images], queries)
            found = point_in_pairs(self, pairs, bounds, max_crops)
        single = not isinstance(image, (list, tuple)) and not isinstance(query, (list, tuple))
        return found[0] if single else found

    def count(
        self,
        image: ImageInput | EncodedImage | Sequence[ImageInput],
        query: str | Sequence[str],
        **options: Any,
    ) -> Any:
        """How many things a query names, by pointing at each.

        Args:
            image: See `point`; a thing that is pointed at on several frames of a video counts once.
            query: See `point`.
            options: Keyword arguments of `point`.

        Returns:
            A number; a list of them when a list was given.
        """
        found = self.point(image, query, **options)
        video = is_video(image)
        numbers = [len(set(points.object_id) if video else points) for points in as_list(found)]
        return numbers[0] if isinstance(found, Points) else numbers

    def encode(
        self, image: ImageInput, *, max_crops: int | None = None, past: Sequence[torch.Tensor] = ()
    ) -> EncodedImage:
        """Reads an image once, for any number of queries; see `EncodedImage` for why that is exact.

        Args:
            image: See `point`.
            max_crops: See `point`.
            past: `EncodedImage.windows_NKC` of earlier frames of the same stream, oldest first, for a model
                with a temporal module, which mixes the newest `temporal_frames` of them into this one.

        Raises:
            ImageError: The image cannot be used.
            InputError: The model writes coordinates as text, which this is not made for; or `past` was given
                to a model without a temporal module, or is of pictures that are cut otherwise.
        """
        if not isinstance(self.model, MolmoPointForConditionalGeneration):
            raise InputError(
                f"{self.name} writes coordinates as text and cannot share what it read; use point()."
            )
        return encode_image(self, to_rgb(image), max_crops, past)

    @cached_property
    def engine(self) -> Engine:
        """What decodes its answers; of a MolmoPoint only."""
        return Engine(self.model, self.grammar)

    @cached_property
    def grammar(self) -> AnswerGrammar:
        """How its answers are written."""
        return AnswerGrammar.of(self.processor.tokenizer)

    @property
    def calibrated(self) -> bool:
        """Whether scores say how likely a point hits, instead of how likely its cell was."""
        return getattr(self.model.config, "score_curve", None) is not None

    @property
    def precision(self) -> PrecisionMap:
        """In how many bits each part is stored; prints as a table."""
        return PrecisionMap.of(self.model)

    def save_pretrained(self, folder: str | os.PathLike[str]) -> None:
        """Writes the checkpoint, quantised or not, with its precision map; `load` gives the same bits back.

        Args:
            folder: A new one, or one whose files of the same names are replaced.

        Raises:
            InputError: It is no folder and cannot become one.
        """
        save_checkpoint(self.model, self.processor, folder)

    def tracker(
        self,
        query: str | Sequence[str] = (),
        *,
        max_points: int | None = None,
        min_score: float = 0.0,
        max_crops: int | None = None,
        mode: str = "reference",
        window: int = 1,
        reading: str = "exact",
        **settings: Any,
    ) -> StreamingTracker:
        """Follows what queries name on an endless stream of frames: `tracker.update(frame, timestamp)`.

        Args:
            query: What to follow, in words; or a list. `add` and `remove` change it later.
            max_points, min_score, max_crops, mode: See `point`; they hold for every keyframe.
            window: How many of the last keyframes the model is shown, for checkpoints trained on videos; of
                one it sees the picture in full detail, of several each in one crop. A model with a temporal
                module is shown one, and remembers others itself.
            reading: How a window is read: "exact", anew for every keyframe, as models were taught; or
                "bounded", only what is new, in constant time, see `molmo_act.decoding.window`.
            settings: `rate`, `synchronous` and the other fields of
                `molmo_act.tracking.settings.TrackerSettings`.

        Raises:
            InputError: A number is out of range.
            MissingExtraError: The extra `video` is not installed.
            QueryError: A query is empty, too long, or not plain words.
        """
        Bounds(max_points, min_score, None, mode)
        asked: dict[str, Any] = {"max_points": max_points, "min_score": min_score, "mode": mode}
        reader = frame_reader(self, window, reading, max_crops)
        pointer: Pointer | StreamPointer = partial(self.point, max_crops=max_crops, **asked)
        if reader is not None:
            pointer = RememberingPointer(self, reader, **asked)
        return StreamingTracker(pointer, as_list(query), TrackerSettings(**settings))

    def track(
        self,
        video: VideoSource,
        query: str | Sequence[str],
        *,
        whole: bool = False,
        fps: float = DEFAULT_FPS,
        start: float = 0.0,
        end: float | None = None,
        **options: Any,
    ) -> list[Tracks]:
        """Follows what queries name through a video.

        Args:
            video: A video file, a folder of pictures, or pictures in order.
            query: What to follow, in words; or a list.
            whole: Ask about the whole video in one prompt, as checkpoints trained on videos can; what comes
                back are the frames they looked at. Otherwise keyframes are looked at as single pictures, and
                every frame comes back; see `tracker`.
            fps: Pictures a second of a folder or a list; a file says itself when each frame is shown.
            start, end: Seconds between which to follow.
            options: Keyword arguments of `tracker`, or with `whole` of
                `molmo_act.whole_video.point_in_video`.

        Raises:
            ImageError, InputError: The video cannot be used, or a number is out of range.
            MissingExtraError: The extra `video` is not installed.
            QueryError: A query is empty, too long, or not plain words.
        """
        if whole:
            return track_in_video(self, video, as_list(query), fps=fps, start=start, end=end, **options)
        frames = read_frames(video, fps=fps, start=start, end=end)
        with self.tracker(query, synchronous=True, **options) as tracker:
            return [tracks for _, tracks in tracker.follow(frames)]

    def bench(self, image: ImageInput, query: str, *, rounds: int = 5) -> dict[str, Any]:
        """Times an answer on this machine, beside `generate` of transformers.

        Args:
            image: See `point`.
            query: See `point`.
            rounds: How often each is timed.

        Returns:
            Model, device, precision, and what `molmo_act.bench.compare` measures.

        Raises:
            ImageError: The image cannot be used.
            InputError: The model writes coordinates as text, or both ways answer differently.
            QueryError: The query cannot be used.
        """
        from molmo_act.bench import compare

        if not isinstance(self.model, MolmoPointForConditionalGeneration):
            raise InputError(f"{self.name} writes coordinates as text; there is no engine to time.")
        check_query(query)
        inputs = prompt_inputs(self, [(to_rgb(image), query)], None)
        inputs.pop("metadata")
        about = {"model": self.name, "device": str(self.model.device), "dtype": str(self.model.dtype)[6:]}
        return about | compare(self.model, inputs, self.grammar, query, rounds=rounds)

    def _shares(self, images: list[Any], queries: list[str]) -> bool:
        """Whether one image is asked about so that it need be read only once."""
        can = isinstance(self.model, MolmoPointForConditionalGeneration)
        return len(images) == 1 and (isinstance(images[0], EncodedImage) or (can and len(queries) > 1))

    def _pixels(self, image: Any) -> np.ndarray:
        if isinstance(image, EncodedImage):
            raise InputError(
                "Encoded images come one at a time; expected images in a list, or one encoded image."
            )
        return to_rgb(image)

    def limits(
        self, length: int, bounds: Bounds, *, longest: int = LONGEST_ANSWER, fewer: str = "max_crops"
    ) -> Limits:
        """Of answers to prompts of so many tokens.

        Args:
            length: Tokens of the prompt.
            bounds: What is asked.
            longest: Most ids of an answer.
            fewer: What the caller can give less of.

        Raises:
            InputError: There is no room for an answer.
        """
        room = self.model.config.text_config.max_position_embeddings
        if length >= room:
            raise InputError(
                f"Pictures and query take {length} tokens, but {self.name} reads {room}. Give fewer {fewer}."
            )
        return Limits(min(longest, room - length), bounds.max_points, bounds.timeout)
