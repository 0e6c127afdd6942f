"""In how many bits each part of a model is stored, as a value; knows names and types, no kernels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from molmo_act.errors import CheckpointError

LANGUAGE_BLOCKS = "language blocks"
PARTS = {
    "model.language_model.layers.": LANGUAGE_BLOCKS,
    "model.language_model.blocks.": LANGUAGE_BLOCKS,
    "model.language_model.": "word tables",
    "model.final_norm.": "word tables",
    "lm_head.": "word tables",
    "model.vision_tower.": "vision tower",
    "model.multi_modal_projector.": "connector",
    "model.temporal.": "connector",
    "model.build_vit_embedding.": "grounding head",
    "model.point_predictor.": "grounding head",
}
"""Beginning of the names of weights → part; the first that fits counts."""
QUANTISED = {"Linear4bit": "nf4", "Linear8bitLt": "int8", "Int8DynamicLinear": "int8-dynamic"}
"""Class of a linear layer → how its weight is stored."""


@dataclass(frozen=True)
class PrecisionMap:
    """How the weights of every part of a model are stored; prints as a table.

    Attributes:
        stored: Part → "float32", "bfloat16", "float16", "int8", "int8-dynamic" or "nf4": that of most of its
            weights.
        megabytes: Part → size of all its weights.
    """

    stored: Mapping[str, str]
    megabytes: Mapping[str, float]

    @classmethod
    def of(cls, model: nn.Module) -> PrecisionMap:
        """What a model is stored in."""
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        sizes: Counter[str] = Counter()
        for name, tensor, kind in _weights(model):
            part = next((part for start, part in PARTS.items() if name.startswith(start)), "other")
            size = tensor.numel() * tensor.element_size()
            kinds[part][kind] += size
            sizes[part] += size
        return cls(
            stored={part: counts.most_common(1)[0][0] for part, counts in kinds.items()},
            megabytes={part: sizes[part] / 1e6 for part in kinds},
        )

    @property
    def quantised(self) -> dict[str, str]:
        """The parts that are stored in integers."""
        return {part: kind for part, kind in self.stored.items() if kind in QUANTISED.values()}

    def check(self, saved: Mapping[str, str] | None = None) -> None:
        """Refuses a model whose pixels would suffer, or that is not what was saved.

        Args:
            saved: Part → how it was stored, in the words of `stored`; floating types count as the same.

        Raises:
            CheckpointError: Another part than the language blocks is stored in integers, or the parts that
                are differ from those of `saved`.
        """
        for part, kind in self.quantised.items():
            if part != LANGUAGE_BLOCKS:
                raise CheckpointError(
                    f"The checkpoint stores its {part} as {kind}; expected floating point everywhere but in "
                    "the language blocks, since these parts carry the precision of the pixel. Quantise the "
                    "original checkpoint again with molmo_act.load(..., quantization=...)."
                )
        expected = {part: kind for part, kind in (saved or {}).items() if kind in QUANTISED.values()}
        if saved is not None and expected != self.quantised:
            raise CheckpointError(
                f"config.json says that the checkpoint stores {_words(expected)}, but its weights are "
                f"{_words(self.quantised)}. Fetch it again."
            )

    def __str__(self) -> str:
        width = max(map(len, self.stored))
        return "\n".join(
            f"{part:<{width}}  {kind:<12}  {self.megabytes[part]:8.1f} MB"
            for part, kind in self.stored.items()
        )


def _words(quantised: Mapping[str, str]) -> str:
    return ", ".join(f"{part} as {kind}" for part, kind in quantised.items()) or "all in floating point"


def _weights(model: nn.Module) -> Iterator[tuple[str, Tensor, str]]:
    """Name, tensor and kind of every weight; of scales and the like, the kind of what they belong to."""
    narrow = {
        path: QUANTISED[type(module).__name__]
        for path, module in model.named_modules()
        if type(module).__name__ in QUANTISED
    }
    for name, tensor in model.named_parameters():  # one that two modules share comes once
        yield name, tensor, narrow.get(name.rpartition(".")[0], str(tensor.dtype).removeprefix("torch."))
    for name, buffer in model.named_buffers():
        path = name.rpartition(".")[0]
        if path in narrow:
            yield name, buffer, narrow[path]
