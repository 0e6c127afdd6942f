"""Encodes an image and everything that is asked about it as one message tree of token ids.

A tree is one image and many conversations about it: the image's tokens come once, and every conversation is a
branch that sees the image and itself, but no other branch (TRAINING: message trees of Molmo2).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch

from model.data.encoding.answer_format import AnswerFormat
from model.data.errors import SkippedRow
from model.data.schema import POINTS_HERE, ImageSample, Query, QuestionAnswer, Target
from molmo_act.formats.grounding_tokens import (
    GroundedText,
    PromptIds,
    grounding_start,
)
from molmo_act.formats.patch_geometry import ground_points
from molmo_act.formats.vision_tokens import IMAGE_PLACEHOLDER
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor
from molmo_act.models.molmo_point.tiling import ProcessedImage, preprocess_image


class Branch(NamedTuple):
    """One conversation about an image.

    Attributes:
        ids: int64, question and answer.
        is_answer: bool, which of them are learned.
        kind: What is answered, see `token_weight`: "pointing", "naming", "caption", …
    """

    ids: np.ndarray
    is_answer: np.ndarray
    kind: str = "pointing"


@dataclass(frozen=True, eq=False)
class MessageTree:
    """One encoded image or video.

    Attributes:
        patches: uint8 (crops, patches, pixels of a patch).
        token_pooling: int64 (P, K), -1 for empty slots.
        prefix: int64 ids of the image's tokens, the start token first.
        is_vision: bool, which of them see one another in both directions.
        branches: The conversations.
        before: uint8 (frames · crops, patches, pixels of a patch), frames before the image, which are cut as
            it is, one after the other.
    """

    patches: np.ndarray
    token_pooling: np.ndarray
    prefix: np.ndarray
    is_vision: np.ndarray
    branches: tuple[Branch, ...]
    before: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0), np.uint8))

    @property
    def crops(self) -> int:
        """Number of crops, those of frames before included."""
        return len(self.patches) + len(self.before)

    @property
    def tokens(self) -> int:
        """Length of the tree as one sequence."""
        return len(self.prefix) + sum(len(branch.ids) for branch in self.branches)


class TurnEncoder:
    """Encodes one question and its answer as a checkpoint's processor spells them.

    Args:
        processor: Spells prompts.
        config: Configuration of the model, which says what grounding ids there are; None for those of
            released models.
    """

    def __init__(self, processor: MolmoPointProcessor, config: MolmoPointConfig | None = None) -> None:
        self._processor, self._config = processor, config
        self._start = grounding_start(processor.tokenizer)
        self._eos = processor.tokenizer.eos_token_id

    def prompt_ids(self, token_pooling: torch.Tensor) -> PromptIds:
        """Returns the grounding ids of a prompt.

        Args:
            token_pooling: int64 (P, K), its pooling windows.
        """
        if self._config is None:
            return PromptIds(self._start, *token_pooling.shape)
        return PromptIds.of(self._config, token_pooling)

    def branch(self, question: GroundedText, answer: GroundedText, kind: str) -> Branch:
        """Encodes a question and its answer.

        Args:
            question: What the user writes.
            answer: What the model writes.
            kind: What is answered.

        Returns:
            The branch, with the end token behind the answer.
        """
        asked = self._processor.encode_question(question)
        answered = [*self._processor.encode_text(answer), self._eos]
        is_answer = np.arange(len(asked) + len(answered)) >= len(asked)
        return Branch(np.array(asked + answered), is_answer, kind)


class ImageTreeEncoder:
    """Encodes images for one processor and one answer format.

    Args:
        processor: Cuts images and spells prompts.
        form: How points are written; the released format unless given.
        max_crops: Overrides the processor's setting.
        config: Configuration of the model, see `TurnEncoder`.
    """

    def __init__(
        self,
        processor: MolmoPointProcessor,
        form: AnswerFormat | None = None,
        *,
        max_crops: int | None = None,
        config: MolmoPointConfig | None = None,
    ) -> None:
        geometry = processor.image_processor.geometry
        self.geometry = geometry if max_crops is None else replace(geometry, max_crops=max_crops)
        self.form = form or AnswerFormat()
        self._processor = processor
        self._turns = TurnEncoder(processor, config)
        mixes = config is not None and config.temporal_module is not None
        self.past = config.temporal_frames if config is not None and mixes else 0

    def encode(
        self, sample: ImageSample, rng: np.random.Generator, num_points: int, num_names: int
    ) -> MessageTree:
        """Encodes an image as a tree of pointing, naming and question-answer branches.

        Naming is pointing the other way round: given a place, say what is there. It teaches to read and to
        name, with a short way for the gradient from the word to the pixels. Without grounding tokens there
        is none.

        Args:
            sample: The image with its questions.
            rng: Source of the choice and order of branches.
            num_points: Most pointing branches.
            num_names: Most naming branches.

        Returns:
            The message tree.
        """
        image = preprocess_image(sample.image, self.geometry)
        asked = rng.permutation(len(sample.queries))[:num_points]
        branches = [self._pointing(sample.queries[i], image, rng) for i in asked]
        branches += [self._question_answer(turn, image, rng) for turn in sample.question_answers]
        named = [] if self.form.coordinates == "text" else _named_targets(sample)
        chosen = rng.permutation(len(named))[:num_names]
        branches += [self._naming(name, target, image) for name, target in (named[i] for i in chosen)]
        prefix = np.array(self._processor.encode_prompt(IMAGE_PLACEHOLDER, [image]))
        return MessageTree(
            patches=image.patches.numpy(),
            token_pooling=image.token_pooling.numpy(),
            prefix=prefix,
            is_vision=np.isin(prefix, self._processor.vision_ids.all()),
            branches=tuple(branches),
            before=self._before(sample, image),
        )

    def _before(self, sample: ImageSample, image: ProcessedImage) -> np.ndarray:
        shown = sample.before[-self.past :] if self.past else ()
        frames = [preprocess_image(frame, self.geometry).patches.numpy() for frame in shown]
        if any(frame.shape != image.patches.shape for frame in frames):
            raise SkippedRow("frames before are of another size")
        return np.concatenate([np.zeros((0, *image.patches.shape[1:]), np.uint8), *frames])

    def _triples(self, targets: tuple[Target, ...], image: ProcessedImage) -> np.ndarray:
        xy = np.array([target.point for target in targets])
        triples = ground_points(xy, image.image_size, image.token_pooling, image.subpatch_mapping)
        return np.unique(triples, axis=0)  # ascending, as models are taught; one of equal ones

    def _pointing(self, query: Query, image: ProcessedImage, rng: np.random.Generator) -> Branch:
        question = self._processor.prompts.ask(query.text)
        return self._turns.branch([question], self._points(query, image, rng), "pointing")

    def _question_answer(
        self, turn: QuestionAnswer, image: ProcessedImage, rng: np.random.Generator
    ) -> Branch:
        words = turn.answer.split(POINTS_HERE, len(turn.points))
        answer: GroundedText = [words[0]]
        for query, after in zip(turn.points, words[1:], strict=False):
            answer += [*self._points(query, image, rng), after]
        return self._turns.branch([turn.question], answer, turn.kind)

    def _points(self, query: Query, image: ProcessedImage, rng: np.random.Generator) -> GroundedText:
        if self.form.coordinates == "text":
            xy = np.array([target.point for target in query.targets]).reshape(-1, 2)
            shown = rng.permutation(xy) if self.form.order == "shuffled" else xy
            return [self.form.write_text(shown, query.label, image.image_size)]
        triples = self._triples(query.targets, image) if query.targets else np.empty((0, 3), np.int64)
        if self.form.order == "shuffled":
            triples = rng.permutation(triples)
        return self.form.write_tokens(triples, query.label, self._turns.prompt_ids(image.token_pooling))

    def _naming(self, name: str, target: Target, image: ProcessedImage) -> Branch:
        ids = self._turns.prompt_ids(image.token_pooling).encode(self._triples((target,), image))
        return self._turns.branch(ids[0].tolist(), [name], "naming")


def _named_targets(sample: ImageSample) -> list[tuple[str, Target]]:
    """(name, target) of everything that some query names on its own, each place once."""
    named: dict[tuple[float, ...], tuple[str, Target]] = {}
    for query in sample.queries:
        if len(query.targets) == 1:
            named.setdefault(query.targets[0].box, (query.label, query.targets[0]))
    return list(named.values())
