"""load() → PointingModel: images and words in, Points out. Knows the parts, not their insides."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from molmo_act.answers import Answer, Answers
from molmo_act.engine import LONGEST_ANSWER, answer
from molmo_act.errors import CheckpointError, InputError, PlatformError, QueryError
from molmo_act.grammar import AnswerGrammar
from molmo_act.images import ImageInput, to_rgb
from molmo_act.modeling import MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.modeling.checkpoint_files import need_file, read_json
from molmo_act.native_molmo2 import Molmo2
from molmo_act.points import Points
from molmo_act.quantization import quantization_config, refuse_narrow_blocks
from molmo_act.reading import heatmaps, read_points
from molmo_act.text_engine import answer_in_text

NANO = Path(__file__).parent / "checkpoints" / "nano"
MODEL_CLASSES: dict[str, type[PreTrainedModel]] = {
    "molmo_point": MolmoPointForConditionalGeneration,
    "molmo2": Molmo2,
}
LONGEST_QUERY = 2000  # characters
BATCH_SIZE = 8


def load(
    name_or_path: str | os.PathLike[str] | None = None,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype | None = None,
    quantization: str | None = None,
    revision: str | None = None,
) -> PointingModel:
    """Loads a checkpoint: a MolmoPoint, or a native Molmo2 that writes coordinates as text.

    Args:
        name_or_path: Folder, or repository on the hub; None for the bundled `nano`.
        device: Where to run; None for CUDA where there is one, else the CPU.
        dtype: For example "bfloat16"; None for bfloat16 on CUDA and float32 on the CPU.
        quantization: "nf4" or "int8" (extra `quant`): weights of the language blocks only.
        revision: Branch, tag or commit on the hub.

    Raises:
        CheckpointError: The checkpoint is missing, of another architecture, incomplete or unsafe.
        InputError: An unknown dtype or quantization, or one that does not fit this model.
        MissingExtraError: Quantization without the extra `quant`.
        PlatformError: The device is not there.
    """
    source = NANO if name_or_path is None else name_or_path
    place = _device(device)
    hub = {} if revision is None else {"revision": revision}
    model_type = read_json(need_file(source, "config.json", **hub)).get("model_type")
    if model_type not in MODEL_CLASSES:
        raise CheckpointError(
            f"The checkpoint {os.fspath(source)!r} is of model type {model_type!r}; expected "
            f"{' or '.join(map(repr, MODEL_CLASSES))}. Give a MolmoPoint or Molmo2 checkpoint."
        )
    options: dict[str, Any] = {"dtype": _dtype(dtype, place)}
    if quantization is not None:
        options["quantization_config"] = quantization_config(quantization)
        options["device_map"] = {"": place}
    model = MODEL_CLASSES[model_type].from_pretrained(source, **options, **hub)
    if quantization is None:
        model = model.to(place)
    else:
        refuse_narrow_blocks(model)
    processor = MolmoPointProcessor.from_pretrained(source, **hub)
    return PointingModel(
        model.eval(), processor, Path(source).name if name_or_path is None else str(name_or_path)
    )


def _device(device: str | torch.device | None) -> torch.device:
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        place = torch.device(device)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError) as exc:
        reason = str(exc).splitlines()[0]
        raise PlatformError(
            f"The device {device!r} cannot be used here ({reason}). Try device='cpu'."
        ) from exc
    return place


def _dtype(dtype: str | torch.dtype | None, place: torch.device) -> torch.dtype:
    if dtype is None:
        return torch.float32 if place.type == "cpu" else torch.bfloat16
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise InputError(f"dtype is {dtype!r}; expected 'float32', 'bfloat16' or 'float16'.")
    return found


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
        image: ImageInput | Sequence[ImageInput],
        query: str | Sequence[str],
        *,
        max_points: int | None = None,
        min_score: float = 0.0,
        max_crops: int | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Points at what a query names.

        Args:
            image: Path, `PIL.Image`, uint8 RGB array (H, W, 3) or tensor, see `molmo_act.images.to_rgb`; or
                a list of them.
            query: What to find, in words; or a list. Of two lists, each image goes with its query; a single
                image or query goes with every element of the other's list.
            max_points: Stop after so many points.
            min_score: Leave out points of a lower score.
            max_crops: Most detailed crops of an image; None for the checkpoint's own number. More crops
                show smaller things and take longer.
            timeout: Seconds after which decoding of a batch stops; the points that are complete by then are
                returned, and `Points.cut` is set.

        Returns:
            `Points` in pixels of the original image; a list of them when a list was given.

        Raises:
            ImageError: An image cannot be used.
            QueryError: A query is empty, too long, or not plain words.
            InputError: The lists have different lengths, or a number is out of range.
        """
        pairs, single = _pairs(image, query)
        if max_points is not None and max_points < 1:
            raise InputError(f"max_points is {max_points}; expected at least 1, or None for all.")
        if timeout is not None and timeout <= 0:
            raise InputError(f"timeout is {timeout}; expected seconds above 0, or None to wait.")
        if not 0 <= min_score <= 1:
            raise InputError(f"min_score is {min_score}; expected a probability between 0 and 1.")
        found: list[Points] = []
        for start in range(0, len(pairs), BATCH_SIZE):
            batch = pairs[start : start + BATCH_SIZE]
            found += self._point_batch(batch, max_points, min_score, max_crops, timeout)
        return found[0] if single else found

    def count(
        self, image: ImageInput | Sequence[ImageInput], query: str | Sequence[str], **options: Any
    ) -> Any:
        """How many things a query names, by pointing at each.

        Args:
            image: See `point`.
            query: See `point`.
            options: Keyword arguments of `point`.

        Returns:
            A number; a list of them when a list was given.
        """
        found = self.point(image, query, **options)
        return len(found) if isinstance(found, Points) else [len(points) for points in found]

    def _point_batch(
        self,
        pairs: list[tuple[np.ndarray, str]],
        max_points: int | None,
        min_score: float,
        max_crops: int | None,
        timeout: float | None,
    ) -> list[Points]:
        began = time.perf_counter()
        inputs = self._inputs(pairs, max_crops)
        metadata = inputs.pop("metadata")
        preprocess_ms = 1000 * (time.perf_counter() - began)
        answers = self._answer(inputs, [query for _, query in pairs], max_points, timeout)
        timing = {"preprocess": preprocess_ms, "prefill": answers.prefill_ms, "decode": answers.decode_ms}
        return [
            self._points(row, query, facts, min_score, max_points, timing)
            for row, (_, query), facts in zip(answers.rows, pairs, metadata, strict=True)
        ]

    def _answer(
        self,
        inputs: dict[str, Any],
        queries: list[str],
        max_points: int | None,
        timeout: float | None,
    ) -> Answers:
        limits = {
            "max_new_tokens": min(LONGEST_ANSWER, self._room - inputs["input_ids"].shape[1]),
            "timeout": timeout,
        }
        if isinstance(self.model, MolmoPointForConditionalGeneration):
            return answer(self.model, inputs, self._grammar, queries, max_points=max_points, **limits)
        opening, ends = self._grammar.opening[0], self._grammar.end_ids
        return answer_in_text(self.model, inputs, opening_id=opening, end_ids=ends, **limits)

    @cached_property
    def _grammar(self) -> AnswerGrammar:
        return AnswerGrammar.of(self.processor.tokenizer)

    @property
    def _room(self) -> int:
        """Most tokens of prompt and answer together."""
        return self.model.config.text_config.max_position_embeddings

    def _inputs(self, pairs: list[tuple[np.ndarray, str]], max_crops: int | None) -> dict[str, Any]:
        messages = [
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": f"Point to {query}"},
                        {"type": "image", "image": pixels},
                    ],
                }
            ]
            for pixels, query in pairs
        ]
        options: dict[str, Any] = {} if max_crops is None else {"max_crops": max_crops}
        inputs = self.processor.apply_chat_template(
            messages,
            tokenize=True,
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
            return_pointing_metadata=True,
            device=self.model.device,
            **options,
        )
        length = inputs["input_ids"].shape[1]
        if length >= self._room:
            raise InputError(
                f"Image and query take {length} tokens, but {self.name} reads {self._room}. "
                "Give fewer max_crops."
            )
        return {
            key: value.to(self.model.device) if isinstance(value, torch.Tensor) else value
            for key, value in inputs.items()
        }

    def _points(
        self,
        row: Answer,
        query: str,
        metadata: dict[str, Any],
        min_score: float,
        max_points: int | None,
        timing: dict[str, float],
    ) -> Points:
        decode = self.processor.tokenizer.decode
        text = decode(row.tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        rows, scores = read_points(self.model, row, text, metadata, decode)
        kept = [i for i, score in enumerate(scores) if score >= min_score][:max_points]
        return Points(
            xy=np.array([rows[i][2:] for i in kept]),
            score=np.array([scores[i] for i in kept]),
            object_id=np.array([rows[i][0] for i in kept]),
            image_index=np.array([rows[i][1] for i in kept]),
            image_size=metadata["image_sizes"],
            query=query,
            absent=row.absent,
            text=text,
            heatmaps=heatmaps(row, metadata),
            timing_ms=timing,
            cut=row.cut,
        )


def _pairs(image: Any, query: Any) -> tuple[list[tuple[np.ndarray, str]], bool]:
    """Every image with its query, checked and decoded, and whether neither came in a list."""
    many_images, many_queries = isinstance(image, (list, tuple)), isinstance(query, (list, tuple))
    images, queries = list(image) if many_images else [image], list(query) if many_queries else [query]
    for text in queries:
        _check_query(text)
    pixels = [to_rgb(one) for one in images]
    length = len(images) if many_images else len(queries)
    if many_images and many_queries and len(images) != len(queries):
        raise InputError(
            f"Got {len(images)} images and {len(queries)} queries; expected as many of both, or one of them."
        )
    pixels = pixels if many_images else pixels * length
    queries = queries if many_queries else queries * length
    return list(zip(pixels, queries, strict=True)), not (many_images or many_queries)


def _check_query(query: Any) -> None:
    if not isinstance(query, str):
        raise QueryError(f"The query is a {type(query).__name__}; expected words, such as 'the red mug'.")
    if not query.strip():
        raise QueryError("The query is empty; expected words, such as 'the red mug'.")
    if len(query) > LONGEST_QUERY:
        raise QueryError(
            f"The query has {len(query)} characters; expected at most {LONGEST_QUERY}. Shorten it."
        )
    if "<|" in query or "<im_" in query:
        raise QueryError(
            f"The query {query[:60]!r} holds a control token of the model; expected plain words."
        )
