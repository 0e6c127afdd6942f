"""What a model answered, as values: ids, their probabilities, what was decided on the way. Runs nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class Answer:
    """What one prompt was answered.

    Attributes:
        tokens: Generated ids, the end token left out.
        probabilities: For each of them the probability of that choice among its own kind: of a patch among
            patches and "no more points", of a slot among slots, of a location among locations, of a word
            among words.
        first_patch: (P + 1,) probabilities of the first patch step on the CPU, "no more points" last; None
            when the answer has no patch step.
        features: Position of a chosen patch in `tokens` → (D,) float32 on the CPU, what the language model
            was given for that patch.
        opening: Probability that the answer begins with the opening id.
        cut: Whether the answer was stopped before it was complete.
    """

    tokens: list[int] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    first_patch: Tensor | None = None
    features: dict[int, Tensor] = field(default_factory=dict)
    opening: float = 0.0
    cut: bool = False

    @property
    def absent(self) -> float:
        """Probability that there is nothing to point at.

        That of "no more points" at the first patch; in an answer without points, that it did not open a
        list of points.
        """
        return 1 - self.opening if self.first_patch is None else float(self.first_patch[-1])


@dataclass(frozen=True)
class Answers:
    """Answers of one batch, milliseconds spent in prefill and in decoding, and steps of the latter."""

    rows: list[Answer]
    prefill_ms: float
    decode_ms: float
    steps: int
