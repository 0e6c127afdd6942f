"""Plans a model on a machine before its weights are there: what fits, how many crops, how fast at best.

Sizes come from config.json alone: the model is built without memory for its weights. Times are those of a
roofline: every weight that a step needs is read once, every product runs at the machine's best rate. A real
machine is slower.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from molmo_act.errors import CheckpointError, InputError

if TYPE_CHECKING:
    from molmo_act.generation.memory import PromptSize
    from molmo_act.models.molmo_point import MolmoPointConfig

LANGUAGE = "language blocks"
NF4_BYTES = 0.5 + 4 / 64  # four bits, and a float32 scale for each block of 64
PRECISIONS: Mapping[str, tuple[float, float]] = {
    "float32": (4, 4),
    "bfloat16": (2, 2),
    "int8": (2, 1),
    "nf4": (2, NF4_BYTES),
}
"""Bytes of a weight: outside of the linear layers of the language blocks, and in them."""
QUERY_TOKENS = 24
"""Of a prompt besides its image: the query, and the words of the chat template around it."""
STEP_TOKENS = 13
"""That are fed in the one forward pass of a point: the draft of its tokens."""
RUNTIME_MB = 700.0
"""What Python, torch and its kernels take on a GPU or a CPU beside the model."""


@dataclass(frozen=True)
class Parameters:
    """Number of a model's weights.

    Attributes:
        by_part: Weights of each part, as `molmo_act.quantization.precision` names parts.
        linear: Those of the linear layers of the language blocks, which a quantization stores in fewer bits.
        rows: Rows of these layers, each of which has a scale in int8.
        head: Those of the output layer; 0 where it shares the input embeddings.
    """

    by_part: Mapping[str, int]
    linear: int
    rows: int
    head: int

    @property
    def total(self) -> int:
        """Of all parts."""
        return sum(self.by_part.values())

    def megabytes(self, precision: str) -> float:
        """Size of the weights.

        Args:
            precision: One of `PRECISIONS`.

        Returns:
            MB.
        """
        wide, narrow = PRECISIONS[precision]
        scales = 4 * self.rows if precision == "int8" else 0
        return (wide * (self.total - self.linear) + narrow * self.linear + scales) / 1e6


@dataclass(frozen=True)
class Row:
    """What one precision takes.

    Attributes:
        precision: One of `PRECISIONS`.
        weights_mb: Size of the weights.
        peak_mb: Memory at most while an image is read, weights and libraries included.
        fits: Whether that is less than the memory.
        max_crops: High-res crops that fit, at most those that were asked for; 0 where not even one does.
        point_ms: Milliseconds of a point at best; None where neither bandwidth nor compute are known.
        frame_ms: Milliseconds at best until the first point of a new image; None likewise.
    """

    precision: str
    weights_mb: float
    peak_mb: float
    fits: bool
    max_crops: int
    point_ms: float | None
    frame_ms: float | None


@dataclass(frozen=True)
class Plan:
    """What a model takes on a machine.

    Attributes:
        parameters: Number of weights by part.
        crops: High-res crops of an image that were planned with.
        tokens: Tokens of a prompt with one image of so many crops.
        memory_mb: Memory that the model and its libraries may take.
        rows: One for each precision.
    """

    parameters: Parameters
    crops: int
    tokens: int
    memory_mb: float
    rows: Sequence[Row]

    def to_dict(self) -> dict[str, Any]:
        """Gives it as plain values, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Draws a table."""
        parts = ", ".join(f"{part} {count / 1e6:.1f} M" for part, count in self.parameters.by_part.items())
        lines = [
            f"{self.parameters.total / 1e6:.1f} M weights: {parts}",
            f"an image of {self.crops} crops is {self.tokens} tokens; {self.memory_mb:.0f} MB of memory",
            "",
            "precision   weights, MB   peak, MB   fits   most crops   ms/point   ms/frame (at best)",
        ]
        for row in self.rows:
            times = ["?" if value is None else f"{value:.1f}" for value in (row.point_ms, row.frame_ms)]
            sizes = f"{row.precision:<10} {row.weights_mb:12.1f} {row.peak_mb:10.0f}"
            fits = f"{'yes' if row.fits else 'no':<4} {row.max_crops:12d}"
            lines.append(f"{sizes}   {fits} {times[0]:>10} {times[1]:>10}")
        return "\n".join(lines)


def count_parameters(config: Mapping[str, Any]) -> tuple[Parameters, MolmoPointConfig]:
    """Counts the weights of a model by its configuration, without memory for them.

    Args:
        config: Content of config.json.

    Returns:
        The numbers, and the configuration as transformers reads it.

    Raises:
        CheckpointError: It is of no model that points, or a key of it makes no sense.
    """
    import torch
    from huggingface_hub.errors import StrictDataclassError
    from torch import nn

    from molmo_act.pointing.load import MODEL_CLASSES
    from molmo_act.quantization.precision import LANGUAGE_BLOCKS, part_of

    model_type = config.get("model_type")
    if model_type not in MODEL_CLASSES:
        raise CheckpointError(
            f"config.json is of model type {model_type!r}; expected {' or '.join(map(repr, MODEL_CLASSES))}."
        )
    kind = MODEL_CLASSES[model_type]
    _check_parts(config)
    try:
        parsed = kind.config_class(**config)
        with torch.device("meta"):
            model = kind(parsed)
    except (StrictDataclassError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        last = (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
        raise CheckpointError(f"config.json makes no model: {last}") from error
    counts: Counter[str] = Counter()
    for name, weight in model.named_parameters():
        counts[part_of(name)] += weight.numel()
    blocks = [
        layer
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and part_of(f"{name}.") == LANGUAGE_BLOCKS
    ]
    tied = parsed.tie_word_embeddings
    head = model.get_output_embeddings()
    return (
        Parameters(
            by_part=dict(counts),
            linear=sum(layer.weight.numel() for layer in blocks),
            rows=sum(layer.out_features for layer in blocks),
            head=0 if tied or head is None else head.weight.numel(),
        ),
        parsed,
    )


def _check_parts(config: Mapping[str, Any]) -> None:
    """Refuses a configuration whose parts are missing, for which transformers takes those of an 8B model."""
    vision = config.get("vit_config", config.get("vision_config"))
    for name, part in (("text_config", config.get("text_config")), ("vit_config", vision)):
        if not isinstance(part, Mapping):
            raise CheckpointError(f"config.json says {name!r}: {part!r}; expected the sizes of that part.")
        for key, value in part.items():
            is_size = key.startswith("num_") or key.endswith(("_size", "_num_pos")) or key == "head_dim"
            if (
                is_size
                and isinstance(value, (int, float))
                and not value > 0
                and not key.startswith("additional")
            ):
                raise CheckpointError(f"config.json says {name}.{key}: {value!r}; expected a number above 0.")


def prompt_of(crops: int, side: int, margins: tuple[int, int]) -> PromptSize:
    """Measures a prompt with one image of some high-res crops.

    Args:
        crops: High-res crops; the global one comes on top.
        side: Patches along the side of a crop.
        margins: Patches by which a crop overlaps its neighbours before and after it.

    Returns:
        The size of the prompt, whose crops lie in as square a grid as so many can.
    """
    from molmo_act.generation.memory import PromptSize

    rows = max(number for number in range(1, math.isqrt(crops) + 1) if crops % number == 0)
    window = side - sum(margins)
    tokens = [math.ceil((count * window + sum(margins)) / 2) for count in (rows, crops // rows)]
    image = tokens[0] * tokens[1] + math.ceil(side / 2) ** 2
    ends_of_rows = tokens[0] + math.ceil(side / 2)
    return PromptSize(crops + 1, image, image + ends_of_rows + QUERY_TOKENS, 1)


def make_plan(
    config: Mapping[str, Any],
    *,
    memory_mb: float,
    crops: int = 8,
    margins: tuple[int, int] = (4, 4),
    bytes_per_s: float | None = None,
    flops_per_s: float | None = None,
) -> Plan:
    """Plans a model on a machine.

    Args:
        config: Content of config.json.
        memory_mb: Memory that the model and its libraries may take, in MB.
        crops: High-res crops of an image.
        margins: Patches by which a crop overlaps its neighbours before and after it.
        bytes_per_s: Bandwidth of the memory; None for no times.
        flops_per_s: Products and sums a second; None for no times.

    Returns:
        The plan.

    Raises:
        CheckpointError: The configuration is of no model that points.
        InputError: A number is out of range.
    """
    for name, value in (("memory", memory_mb), ("bandwidth", bytes_per_s), ("compute", flops_per_s)):
        if value is not None and not 0 < value < math.inf:
            raise InputError(f"The {name} is {value!r}; expected a number above 0.")
    if not 1 <= crops <= 1024:
        raise InputError(f"crops is {crops}; expected 1 to 1024.")
    parameters, parsed = count_parameters(config)
    side = math.isqrt(parsed.vision_config.num_position_embeddings)
    prompts = [prompt_of(count, side, margins) for count in range(1, crops + 1)]
    times = None if bytes_per_s is None or flops_per_s is None else (bytes_per_s, flops_per_s)
    rows = [_row(parameters, parsed, each, prompts, memory_mb, times) for each in PRECISIONS]
    return Plan(parameters, crops, round(prompts[-1].tokens), memory_mb, rows)


def _row(
    parameters: Parameters,
    config: MolmoPointConfig,
    precision: str,
    prompts: Sequence[PromptSize],
    memory_mb: float,
    times: tuple[float, float] | None,
) -> Row:
    from molmo_act.generation.memory import prefill_bytes

    weights = parameters.megabytes(precision)
    size = int(PRECISIONS[precision][0])
    peaks = [RUNTIME_MB + weights + prefill_bytes(config, prompt, size) / 1e6 for prompt in prompts]
    point = frame = None
    if times is not None:
        point = 1000 * _point_seconds(parameters, config, precision, prompts[-1], *times)
        frame = 1000 * _reading_seconds(parameters, config, prompts[-1], times[1]) + point
    return Row(
        precision=precision,
        weights_mb=round(weights, 1),
        peak_mb=round(peaks[-1], 1),
        fits=peaks[-1] <= memory_mb,
        max_crops=max((count for count, peak in enumerate(peaks, 1) if peak <= memory_mb), default=0),
        point_ms=point,
        frame_ms=frame,
    )


def _point_seconds(
    parameters: Parameters,
    config: MolmoPointConfig,
    precision: str,
    prompt: PromptSize,
    bytes_per_s: float,
    flops_per_s: float,
) -> float:
    """One forward pass over the language blocks and the output layer, with the cache of the prompt."""
    text = config.text_config
    wide, narrow = PRECISIONS[precision]
    head = parameters.head or text.vocab_size * text.hidden_size
    width = text.num_key_value_heads * (text.head_dim or text.hidden_size // text.num_attention_heads)
    cache = 2 * text.num_hidden_layers * width * prompt.tokens * wide
    read = parameters.linear * narrow + head * wide + cache
    return float(max(read / bytes_per_s, 2 * STEP_TOKENS * (parameters.linear + head) / flops_per_s))


def _reading_seconds(
    parameters: Parameters, config: MolmoPointConfig, prompt: PromptSize, flops_per_s: float
) -> float:
    """Reading the image: the vision tower over all patches, the language blocks over all tokens."""
    vision, text = config.vision_config, config.text_config
    patches = prompt.crops * vision.num_position_embeddings
    tower = 2 * parameters.by_part.get("vision tower", 0) * patches
    tower += 4 * vision.num_hidden_layers * vision.hidden_size * patches * vision.num_position_embeddings
    heads = text.num_attention_heads * (text.head_dim or text.hidden_size // text.num_attention_heads)
    language = 2 * parameters.linear * prompt.tokens
    language += 4 * text.num_hidden_layers * heads * prompt.tokens**2
    connector = 2 * parameters.by_part.get("connector", 0) * prompt.image_tokens
    return float(tower + language + connector) / flops_per_s
