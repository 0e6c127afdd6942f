"""Turns a generated picture and what is asked about it into one message tree; knows token ids, no weights.

A tree is one picture and many conversations about it: the picture's tokens come once, every conversation is a
branch that sees the picture and itself, and nothing of its sisters (TRAINING: message trees of Molmo2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from transformers import PreTrainedTokenizerBase

from model.data.answer_form import AnswerForm, extended_starts
from model.data.sample import POINTS_HERE, Picture, Query, Said, Target
from molmo_act.modeling.grounding_points import ground_points
from molmo_act.modeling.tiling import ProcessedImage, preprocess_image
from molmo_act.modeling.vision_tokens import image_prompt, vision_token_ids


@dataclass(frozen=True)
class Geometry:
    """How pictures are cut; the fields of `preprocessor_config.json`, see `molmo_act.modeling.tiling`."""

    crop_size: int = 224
    patch_size: int = 14
    pooling: tuple[int, int] = (2, 2)
    margins: tuple[int, int] = (1, 1)
    max_crops: int = 32

    def cut(self, image: np.ndarray) -> ProcessedImage:
        """Crops and index maps of one uint8 RGB picture."""
        return preprocess_image(
            image,
            crop_size=self.crop_size,
            patch_size=self.patch_size,
            pooling=self.pooling,
            margins=self.margins,
            max_crops=self.max_crops,
        )


class Branch(NamedTuple):
    """One conversation about a picture.

    Attributes:
        ids: int64, question and answer.
        is_answer: bool, which of them are learned.
        kind: What is answered, for `token_weight`: "pointing", "naming", "caption", …
    """

    ids: np.ndarray
    is_answer: np.ndarray
    kind: str = "pointing"


@dataclass(frozen=True, eq=False)
class Tree:
    """One encoded picture.

    Attributes:
        patches: uint8 (crops, patches, pixels of a patch).
        token_pooling: int64 (P, K), -1 for empty slots.
        prefix: int64 ids of the picture's tokens, the start token first.
        is_vision: bool, which of them see one another in both directions.
        branches: The conversations.
    """

    patches: np.ndarray
    token_pooling: np.ndarray
    prefix: np.ndarray
    is_vision: np.ndarray
    branches: tuple[Branch, ...]

    @property
    def tokens(self) -> int:
        """Length of the tree as one sequence."""
        return len(self.prefix) + sum(len(branch.ids) for branch in self.branches)


class TurnEncoder:
    """Encodes one question with its answer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.encode = tokenizer.backend_tokenizer.encode
        self.eos = tokenizer.eos_token_id

    def branch(self, question: str, answer: str, kind: str) -> Branch:
        """The branch, as the chat template of released models writes it."""
        asked = self.encode(f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n").ids
        answered = [*self.encode(answer).ids, self.eos]
        is_answer = np.arange(len(asked) + len(answered)) >= len(asked)
        return Branch(np.array(asked + answered), is_answer, kind)


class TreeEncoder:
    """Encodes pictures for one tokenizer, one geometry and one way of writing points."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, geometry: Geometry, form: AnswerForm | None = None
    ) -> None:
        self.geometry, self.form = geometry, form or AnswerForm()
        self._vision = vision_token_ids(tokenizer)
        self._turns = TurnEncoder(tokenizer)

    def encode(self, picture: Picture, rng: np.random.Generator, num_points: int, num_names: int) -> Tree:
        """A tree of at most `num_points` pointing branches, `num_names` naming branches and all that is said.

        Naming is pointing the other way round: given a place, say what is there. It teaches to read and to
        name, with a short way for the gradient from the word to the pixels. Without grounding tokens there
        is none.
        """
        image = self.geometry.cut(picture.image)
        asked = rng.permutation(len(picture.queries))[:num_points]
        branches = [self._pointing(picture.queries[i], image, rng) for i in asked]
        branches += [self._saying(said, image, rng) for said in picture.said]
        named = [] if self.form.coordinates == "text" else _named_targets(picture)
        chosen = rng.permutation(len(named))[:num_names]
        branches += [self._naming(name, target, image) for name, target in (named[i] for i in chosen)]
        prefix = self._prefix(image)
        return Tree(
            patches=image.patches.numpy(),
            token_pooling=image.token_pooling.numpy(),
            prefix=prefix,
            is_vision=np.isin(prefix, self._vision.all()),
            branches=tuple(branches),
        )

    def _prefix(self, image: ProcessedImage) -> np.ndarray:
        return np.array([self._turns.eos, *image_prompt(image.grid.tolist(), self._vision)])

    def _triples(self, targets: tuple[Target, ...], image: ProcessedImage) -> np.ndarray:
        xy = np.array([target.point for target in targets])
        triples = ground_points(xy, image.image_size, image.token_pooling, image.subpatch_mapping)
        return np.unique(triples, axis=0)  # ascending, as models are taught; one of equal ones

    def _pointing(self, query: Query, image: ProcessedImage, rng: np.random.Generator) -> Branch:
        return self._turns.branch(f"Point to {query.text}", self._points(query, image, rng), "pointing")

    def _saying(self, said: Said, image: ProcessedImage, rng: np.random.Generator) -> Branch:
        answer = said.answer
        for query in said.points:
            answer = answer.replace(POINTS_HERE, self._points(query, image, rng), 1)
        return self._turns.branch(said.question, answer, said.kind)

    def _points(self, query: Query, image: ProcessedImage, rng: np.random.Generator) -> str:
        if self.form.coordinates == "text":
            xy = np.array([target.point for target in query.targets]).reshape(-1, 2)
            shown = rng.permutation(xy) if self.form.order == "shuffled" else xy
            return self.form.write_text(shown, query.label, image.image_size)
        triples = self._triples(query.targets, image) if query.targets else np.empty((0, 3), np.int64)
        if self.form.order == "shuffled":
            triples = rng.permutation(triples)
        return self.form.write_tokens(triples, query.label, *image.token_pooling.shape)

    def _naming(self, name: str, target: Target, image: ProcessedImage) -> Branch:
        patches, slots = image.token_pooling.shape
        triple = self._triples((target,), image)[0] + extended_starts(patches, slots)
        return self._turns.branch("".join(f"<POINT_{number}>" for number in triple), name, "naming")


def _named_targets(picture: Picture) -> list[tuple[str, Target]]:
    """(name, target) of everything that some query names on its own, each place once."""
    named: dict[tuple[float, ...], tuple[str, Target]] = {}
    for query in picture.queries:
        if len(query.targets) == 1:
            named.setdefault(query.targets[0].box, (query.label, query.targets[0]))
    return list(named.values())
