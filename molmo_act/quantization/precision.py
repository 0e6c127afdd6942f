"""In which type each part of a model is stored."""

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
"""Beginning of the names of weights → part of the model; the first that fits counts."""
QUANTIZED_LAYERS = {
    **{"Linear4bit": "nf4", "ExactLinear4bit": "nf4"},
    **{"Linear8bitLt": "int8", "Int8DynamicLinear": "int8-dynamic"},
}
"""Class of a linear layer → how its weight is stored."""


@dataclass(frozen=True)
class PrecisionMap:
    """How the weights of every part of a model are stored; prints as a table.

    Attributes:
        stored: Part → "float32", "bfloat16", "float16", "int8", "int8-dynamic" or "nf4", the type of most
            bytes of its weights.
        megabytes: Part → size of all its weights.
    """

    stored: Mapping[str, str]
    megabytes: Mapping[str, float]

    @classmethod
    def of(cls, model: nn.Module) -> PrecisionMap:
        """Reads the types of a model's weights.

        Args:
            model: A loaded model, quantized or not.

        Returns:
            The map.
        """
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        sizes: Counter[str] = Counter()
        for name, tensor, kind in _weights(model):
            part = part_of(name)
            size = tensor.numel() * tensor.element_size()
            kinds[part][kind] += size
            sizes[part] += size
        return cls(
            stored={part: counts.most_common(1)[0][0] for part, counts in kinds.items()},
            megabytes={part: sizes[part] / 1e6 for part in kinds},
        )

    @property
    def quantized(self) -> dict[str, str]:
        """Part → type, of the parts that are stored in integers."""
        return {part: kind for part, kind in self.stored.items() if kind in QUANTIZED_LAYERS.values()}

    def check(self, saved: Mapping[str, str] | None = None) -> None:
        """Refuses a model that is quantized outside of its language blocks, or differs from what was saved.

        Args:
            saved: `stored` of the model that was saved; all floating types count as one. None where it is not
                known.

        Raises:
            CheckpointError: Another part than the language blocks is stored in integers, or the parts that
                are differ from those of `saved`.
        """
        for part, kind in self.quantized.items():
            if part != LANGUAGE_BLOCKS:
                raise CheckpointError(
                    f"The checkpoint stores its {part} as {kind}; expected floating point everywhere but in "
                    "the language blocks, since these parts carry the precision of the pixel. Quantize the "
                    "original checkpoint again with molmo_act.load(..., quantization=...)."
                )
        if saved is not None and not isinstance(saved, Mapping):
            raise CheckpointError(
                f"config.json says 'precision_map': {saved!r}; expected parts of the model with their types."
            )
        expected = {part: kind for part, kind in (saved or {}).items() if kind in QUANTIZED_LAYERS.values()}
        if saved is not None and expected != self.quantized:
            raise CheckpointError(
                f"config.json says that the checkpoint stores {_words(expected)}, but its weights are "
                f"{_words(self.quantized)}. Fetch it again."
            )

    def __str__(self) -> str:
        width = max(map(len, self.stored))
        return "\n".join(
            f"{part:<{width}}  {kind:<12}  {self.megabytes[part]:8.1f} MB"
            for part, kind in self.stored.items()
        )


def part_of(name: str) -> str:
    """Says which part of a model a weight belongs to.

    Args:
        name: Full name of the weight.

    Returns:
        One of the values of `PARTS`, or "other".
    """
    return next((part for start, part in PARTS.items() if name.startswith(start)), "other")


def _words(quantized: Mapping[str, str]) -> str:
    return ", ".join(f"{part} as {kind}" for part, kind in quantized.items()) or "all in floating point"


def _weights(model: nn.Module) -> Iterator[tuple[str, Tensor, str]]:
    """Name, tensor and kind of every weight; of scales and the like, the kind of what they belong to."""
    narrow = {
        path: (QUANTIZED_LAYERS[type(module).__name__], module)
        for path, module in model.named_modules()
        if type(module).__name__ in QUANTIZED_LAYERS
    }
    for name, tensor in model.named_parameters():  # one that two modules share comes once
        layer = narrow.get(name.rpartition(".")[0])
        yield name, tensor, layer[0] if layer else str(tensor.dtype).removeprefix("torch.")
    for name, buffer in model.named_buffers():
        path = name.rpartition(".")[0]
        if path in narrow:
            yield name, buffer, narrow[path][0]
    for path, (kind, module) in narrow.items():
        for scale in _scales(module):
            yield f"{path}.scales", scale, kind


def _scales(layer: nn.Module) -> Iterator[Tensor]:
    """Scales and tables of a layer of bitsandbytes, which keeps them neither as parameters nor as buffers."""
    weight = getattr(layer, "weight", None)
    state = getattr(weight, "quant_state", None)
    while state is not None:  # scales may be quantized themselves
        yield from (tensor for tensor in (state.absmax, state.code) if isinstance(tensor, Tensor))
        state = getattr(state, "state2", None)
    # LLM.int8 hands them from the weight to the layer at the first answer.
    found = getattr(weight, "SCB", None)
    found = getattr(getattr(layer, "state", None), "SCB", None) if found is None else found
    if isinstance(found, Tensor):
        yield found
