"""What a model generated: ids, the probability of each, and what was decided on the way."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from molmo_act.errors import CheckpointError

LOAD_WIDER = "Load it with dtype='bfloat16' or 'float32'."
Output = TypeVar("Output")


@dataclass
class GeneratedAnswer:
    """The answer to one prompt.

    Attributes:
        tokens: Generated ids, without the end token.
        probabilities: Probability of each id among the ids of its kind: a patch among patches and "no more
            points", a subpatch among subpatches, a location among locations, a word among words.
        first_patch_probabilities: float32 (P + 1,), probabilities of the image tokens at the first
            patch step, "no more points" last; None when the answer has no patch step.
        patch_features: Index of a patch id in `tokens` → float32 (D,), the input embedding of that
            patch as the connector gave it.
        opening_probability: Probability that the answer begins with the id that opens a list of points.
        truncated: Whether generation stopped before the answer was complete.
        refused: Whether the list of points ended because the best patch lay before the last point, as the
            order "reference" ends it.
    """

    tokens: list[int] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    first_patch_probabilities: np.ndarray | None = None
    patch_features: dict[int, np.ndarray] = field(default_factory=dict)
    opening_probability: float = 0.0
    truncated: bool = False
    refused: bool = False

    @property
    def absent(self) -> float:
        """Probability that the image shows nothing that the query names.

        The probability of "no more points" at the first patch step; for an answer without a patch step, the
        probability that it opens no list of points.
        """
        if self.first_patch_probabilities is None:
            return 1 - self.opening_probability
        return float(self.first_patch_probabilities[-1])


@dataclass(frozen=True)
class GenerationOutput:
    """The answers to a batch of prompts.

    Attributes:
        answers: One per prompt, in order.
        prefill_ms: Milliseconds spent in prefill.
        decode_ms: Milliseconds spent in decode steps.
        steps: Number of decode steps.
    """

    answers: list[GeneratedAnswer]
    prefill_ms: float
    decode_ms: float
    steps: int


def exhausted(steps: Generator[object, None, Output]) -> Output:
    """Lets a generator run to its end.

    Args:
        steps: Answers step by step, and returns the whole.

    Returns:
        The same.
    """
    while True:
        try:
            next(steps)
        except StopIteration as end:
            output: Output = end.value
            return output


def refuse_overflow(openings: Sequence[float], dtype: object, instead: str = LOAD_WIDER) -> None:
    """Stops before answers are made of numbers that are not finite.

    Args:
        openings: `opening_probability` of each prompt.
        dtype: Type that the model computes in.
        instead: What to do about it, a sentence.

    Raises:
        CheckpointError: One is NaN.
    """
    if any(map(math.isnan, openings)):
        name = str(dtype).removeprefix("torch.")
        raise CheckpointError(
            f"The model computes numbers that are not finite in {name}: they are too large for it, or "
            f"weights are damaged. {instead}"
        )
