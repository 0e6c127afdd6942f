"""Asks a model about cases, by the official prompt or by one of the user's, and keeps what it said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from model.evaluation.benchmark import Benchmark, Case, Prediction
from model.evaluation.judges import Judge, WordJudge
from model.evaluation.official.point_text import extract_points
from molmo_act.errors import InputError
from molmo_act.model_options import ModelOptions
from molmo_act.outputs.points import Points
from molmo_act.segmentation.opening import open_propagator
from molmo_act.segmentation.propagator import MaskPropagator, PropagatorName


class Asker:
    """A model with the options by which it is asked.

    Args:
        model: What `ModelOptions.load` gave.
        options: The options; without `prompt` every benchmark asks by its official prompt.
        propagator: What makes masks of points, see `PointingModel.segment`.
        weights: Folder or name of its weights; None for the usual ones.
        judge: What judges captions; None for the rule that compares words.

    Attributes:
        model: The model.
        options: The options.
        judge: What judges captions.
        propagator_name: What makes masks of points, in words.
    """

    def __init__(
        self,
        model: Any,
        options: ModelOptions,
        *,
        propagator: PropagatorName = "sam2",
        weights: str | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.model, self.options = model, options
        self.judge: Judge = judge or WordJudge()
        self._propagator, self._weights = propagator, weights
        self.propagator_name = propagator if weights is None else f"{propagator} {weights}"

    @cached_property
    def propagator(self) -> MaskPropagator:
        """What makes masks of points; its weights are loaded once.

        Raises:
            MolmoActError: They cannot be loaded.
        """
        device = str(getattr(getattr(self.model, "model", None), "device", "cpu"))
        return open_propagator(self._propagator, weights=self._weights, device=device)

    @property
    def answers_questions(self) -> bool:
        """Whether the model was taught to answer in words, and not only to point."""
        config = getattr(getattr(self.model, "runtime", None), "config", None)
        return hasattr(self.model, "chat") and bool(getattr(config, "answers_questions", True))

    @property
    def writes_text(self) -> bool:
        """Whether points are written as text, which the official reader of text then reads."""
        runtime = getattr(self.model, "runtime", None)
        return runtime is not None and not getattr(runtime, "has_grounding_tokens", True)

    def check(self, benchmark: Benchmark) -> None:
        """Refuses a benchmark that the model cannot be asked, before anything is asked.

        Args:
            benchmark: The benchmark.

        Raises:
            InputError: The model was not taught what the benchmark asks, or cannot do it.
            MolmoActError: What makes masks cannot be loaded.
        """
        verb = {"tracks": "track", "masks": "segment"}.get(benchmark.asks, "point")
        if not hasattr(self.model, verb):
            raise InputError(
                f"{benchmark.name} asks for {benchmark.asks}, which {self.model.name} cannot give."
            )
        if benchmark.asks == "masks":
            _ = self.propagator
        if benchmark.asks == "words" and not self.answers_questions:
            raise InputError(
                f"{benchmark.name} asks in words, and {self.model.name} was taught to point, not to answer. "
                "Give a checkpoint that answers questions, such as allenai/MolmoPoint-8B, or leave "
                f"{benchmark.name} out."
            )

    def prompt(self, case: Case) -> str:
        """Gives what a case asks, before the template of ``--prompt``."""
        return case.prompt if self.options.prompt is None else case.query

    def points(self, cases: Sequence[Case], images: Sequence[np.ndarray]) -> list[Prediction]:
        """Points in one image for each case.

        Args:
            cases: The cases.
            images: uint8 RGB (H, W, 3), one for each case.
        """
        options: dict[str, Any] = {"prompt": "raw", **self.options.point_options}
        found = self.model.point(list(images), [self.prompt(case) for case in cases], **options)
        return [self.prediction(points) for points in found]

    def prediction(self, points: Points) -> Prediction:
        """Keeps an answer about images.

        Args:
            points: What `point` gave.
        """
        rows = zip(points.object_id.tolist(), points.image_index.tolist(), points.xy.tolist(), strict=True)
        kept: tuple[tuple[float, ...], ...] = tuple((id_, index, *xy) for id_, index, xy in rows)
        if self.writes_text and len(points.image_size) == 1 and self.options.reader is None:
            found = extract_points(points.text, *points.image_size[0])
            kept = tuple((number, 0, x, y) for number, (x, y) in enumerate(found, 1))
        absent = None if math.isnan(points.absent) else float(points.absent)
        return Prediction(points.text, kept, absent, points.truncated)

    def words(
        self,
        cases: Sequence[Case],
        images: Sequence[Any],
        *,
        style: str | None = None,
        max_new_tokens: int = 256,
    ) -> list[Prediction]:
        """Asks questions that are answered in words, one after the other.

        Args:
            cases: The cases.
            images: What each is about: an image, several, or None.
            style: See `PointingModel.answer`.
            max_new_tokens: Most tokens of an answer.
        """
        options: dict[str, Any] = {"max_new_tokens": max_new_tokens, "style": style}
        if self.options.max_crops is not None:
            options["max_crops"] = self.options.max_crops
        found = []
        for case, shown in zip(cases, images, strict=True):
            answer = self.model.answer(shown, case.prompt, **options)
            found.append(Prediction(answer.written, (), None, answer.truncated))
        return found
