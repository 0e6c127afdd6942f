"""Plans a model on a machine before its weights are there: what fits, how many crops, how fast at best.

Sizes come from config.json alone. Times are those of a roofline: every weight that a step needs is read once,
every product runs at the machine's best rate. A real machine is slower.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from itertools import takewhile
from typing import Any

from molmo_act.doctor.machine import Rates
from molmo_act.doctor.molmo_sizes import read_model_sizes
from molmo_act.doctor.parameters import HEAD, PRECISIONS, VISION, WORDS, Parameters, count
from molmo_act.doctor.sizes import Sizes
from molmo_act.errors import CheckpointError, InputError
from molmo_act.formats.crop_geometry import MAX_CROPS
from molmo_act.generation.prompt_size import PromptSize, prefill_bytes

QUERY_TOKENS = 24
"""Of a prompt besides its image: the query, and the words of the chat template around it."""
STEP_TOKENS = 13
"""That are fed in the one forward pass of a point: the draft of its tokens."""
FRAMES_BEFORE = 4
"""That a VideoMolmo is shown with each frame."""
RUNTIME_MB = {"torch": 440.0, "bitsandbytes": 500.0, "ONNX Runtime": 105.0}
"""Python and libraries of a process on a CPU, measured with nano; a GPU's own context comes on top."""
IMAGE_PIXELS = 1920 * 1080
PIXEL_BYTES, RESIZED_PIXEL_BYTES = 3, 44
"""Of a pixel of the image that is read: of itself, and besides while torch resizes it, which takes it as
float32 three times, twice with a fourth channel. An export resizes it in blocks of rows."""


@dataclass(frozen=True)
class Row:
    """What one precision takes.

    Attributes:
        precision: One of `molmo_act.doctor.parameters.PRECISIONS`.
        weights_mb: Size of the weights.
        peak_mb: Memory of the process at most while an image is read, weights and libraries included.
        fits: Whether that is within the memory, and the prompt within the positions that the model knows.
        max_crops: High-res crops that fit, in memory and in the positions that the model knows; 0 where not
            even one does.
        point_ms: Milliseconds of a point at best; the part of one alone where only bandwidth or only compute
            is known, None where neither is.
        frame_ms: Milliseconds at best until the first point of a new image; likewise.
        parts_mb: Size of the weights of each part.
    """

    precision: str
    weights_mb: float
    peak_mb: float
    fits: bool
    max_crops: int
    point_ms: float | None
    frame_ms: float | None
    parts_mb: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a model takes on a machine.

    Attributes:
        parameters: Number of weights by part.
        crops: High-res crops of an image that were planned with.
        tokens: Tokens of a prompt with one image of so many crops.
        memory_mb: Memory that the model and its libraries may take.
        rows: One for each precision.
        bytes_per_s, flops_per_s: Rates that times are planned with; None for those that are left out.
        measured: What this machine does; None where it was not measured.
        notes: What else has to be known about the numbers.
    """

    parameters: Parameters
    crops: int
    tokens: int
    memory_mb: float
    rows: Sequence[Row]
    bytes_per_s: float | None = None
    flops_per_s: float | None = None
    measured: Rates | None = None
    notes: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Gives it as plain values, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """Draws tables."""
        parts = ", ".join(f"{part} {count / 1e6:.1f} M" for part, count in self.parameters.by_part.items())
        lines = [
            f"{self.parameters.total / 1e6:.1f} M weights: {parts}",
            f"an image of {self.crops} crops is {self.tokens} tokens; {self.memory_mb:.0f} MB of memory",
            "",
            "precision     weights, MB   peak, MB   fits   most crops   ms/point   ms/frame (at best)",
        ]
        for row in self.rows:
            times = ["?" if value is None else f"{value:.1f}" for value in (row.point_ms, row.frame_ms)]
            sizes = f"{row.precision:<12} {row.weights_mb:12.1f} {row.peak_mb:10.0f}"
            fits = f"{'yes' if row.fits else 'no':<4} {row.max_crops:12d}"
            lines.append(f"{sizes}   {fits} {times[0]:>10} {times[1]:>10}")
        names = list(self.parameters.by_part)
        lines += ["", "MB by part    " + "  ".join(f"{name:>15}" for name in names)]
        for row in self.rows:
            lines.append(f"{row.precision:<13} " + "  ".join(f"{row.parts_mb[name]:15.1f}" for name in names))
        return "\n".join([*lines, "", *self.remarks()])

    def remarks(self) -> list[str]:
        """Says what times are made of, what this machine does, and the notes."""
        rates = {
            "bandwidth": (self.bytes_per_s, 1e9, "GB/s", "reading weights and cache"),
            "compute": (self.flops_per_s, 1e9, "GFLOPS", "arithmetic"),
        }
        said = []
        for name, (rate, unit, word, what) in rates.items():
            if rate is None:
                said.append(f"{name} unknown: times leave out {what} (--{name})")
            else:
                said.append(f"{name} {rate / unit:.1f} {word}")
        here = [] if self.measured is None else [f"measured here, {self.measured}"]
        return ["; ".join(said), *here, *self.notes]


def count_parameters(config: Mapping[str, Any], *, video: bool = False) -> tuple[Parameters, Sizes]:
    """Counts the weights of a model by its configuration.

    Args:
        config: Content of config.json.
        video: Whether it is a VideoMolmo, whose config.json is that of a Molmo-7B-D.

    Returns:
        The numbers, and the sizes that they follow from.

    Raises:
        CheckpointError: It is of no model that points, or a key of it makes no sense.
    """
    sizes = read_model_sizes(config, video=video)
    if find_spec("transformers") is not None and find_spec("torch") is not None:
        _check_with_transformers(config)
    return count(sizes), sizes


def _check_with_transformers(config: Mapping[str, Any]) -> None:
    """Refuses what its classes refuse, which know all settings and not sizes alone."""
    from huggingface_hub.errors import StrictDataclassError

    from molmo_act.pointing.load import MODEL_CLASSES

    try:
        MODEL_CLASSES[config["model_type"]].config_class(**config)
    except (StrictDataclassError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        last = (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
        raise CheckpointError(f"config.json makes no model: {last}") from error


def prompt_of(crops: int, side: int, margins: tuple[int, int]) -> PromptSize:
    """Measures a prompt with one image of some high-res crops.

    Args:
        crops: High-res crops; the global one comes on top.
        side: Patches along the side of a crop.
        margins: Patches by which a crop overlaps its neighbours before and after it.

    Returns:
        The size of the prompt, whose crops lie in as square a grid as so many can.
    """
    rows = max(number for number in range(1, math.isqrt(crops) + 1) if crops % number == 0)
    window = side - sum(margins)
    tokens = [math.ceil((count * window + sum(margins)) / 2) for count in (rows, crops // rows)]
    image = tokens[0] * tokens[1] + math.ceil(side / 2) ** 2
    ends_of_rows = tokens[0] + math.ceil(side / 2)
    return PromptSize(crops + 1, image, image + ends_of_rows + QUERY_TOKENS, 1)


def peak_mb(
    parameters: Parameters, sizes: Sizes, precision: str, prompt: PromptSize, pixels: int = IMAGE_PIXELS
) -> float:
    """Estimates the memory of a process that loads a model and reads one image.

    Args:
        parameters: Of the model.
        sizes: Of the model.
        precision: One of `PRECISIONS`.
        prompt: Size of the prompt.
        pixels: Of the image, before it is resized.

    Returns:
        MB at most.
    """
    stored = PRECISIONS[precision]
    resizing = 0 if stored.is_export else RESIZED_PIXEL_BYTES * pixels
    reading = max(resizing, prefill_bytes(sizes, prompt, int(stored.wide)))
    image = PIXEL_BYTES * pixels
    return RUNTIME_MB[stored.runtime] + parameters.megabytes(precision) + (image + reading) / 1e6


def make_plan(
    config: Mapping[str, Any],
    *,
    memory_mb: float,
    crops: int = 8,
    margins: tuple[int, int] = (4, 4),
    pixels: int = IMAGE_PIXELS,
    bytes_per_s: float | None = None,
    flops_per_s: float | None = None,
    measured: Rates | None = None,
    notes: Sequence[str] = (),
    video: bool = False,
) -> Plan:
    """Plans a model on a machine.

    Args:
        config: Content of config.json.
        memory_mb: Memory that the model and its libraries may take, in MB.
        crops: High-res crops of an image.
        margins: Patches by which a crop overlaps its neighbours before and after it.
        pixels: Of an image, before it is resized.
        bytes_per_s: Bandwidth of the memory; None leaves reading out of times.
        flops_per_s: Products and sums a second; None leaves arithmetic out of times.
        measured: What this machine does, to say beside the plan.
        notes: To say with the plan.
        video: Whether it is a VideoMolmo, which is shown every image with the frames before it.

    Returns:
        The plan.

    Raises:
        CheckpointError: The configuration is of no model that points.
        InputError: A number is out of range.
    """
    for name, value in (("memory", memory_mb), ("bandwidth", bytes_per_s), ("compute", flops_per_s)):
        if value is not None and not 0 < value < math.inf:
            raise InputError(f"The {name} is {value!r}; expected a number above 0.")
    if not 1 <= crops <= MAX_CROPS:
        raise InputError(f"crops is {crops}; expected 1 to {MAX_CROPS}.")
    parameters, sizes = count_parameters(config, video=video)
    side = math.isqrt(sizes.vision_config.num_position_embeddings)
    if min(margins) < 0 or sum(margins) >= side:
        raise InputError(f"The margins are {margins}; expected less than the {side} patches of a crop.")
    frames = 1 + FRAMES_BEFORE if video else 1
    wanted = _of_frames(prompt_of(crops, side, margins), frames)
    plan = Plan(
        parameters, crops, round(wanted.tokens), memory_mb, (), bytes_per_s, flops_per_s, measured, notes
    )
    positions = sizes.text_config.max_position_embeddings
    prompts = [_of_frames(prompt, frames) for prompt in _prompts_up_to(positions, side, margins)]
    exported = sizes.points and sizes.temporal_module is None
    names = [name for name, each in PRECISIONS.items() if exported or not each.is_export]
    return replace(plan, rows=[_row(plan, sizes, name, wanted, prompts, pixels) for name in names])


def _of_frames(prompt: PromptSize, frames: int) -> PromptSize:
    """The prompt where crops of so many frames are encoded and the tokens are those of one."""
    return replace(prompt, crops=prompt.crops * frames)


def _prompts_up_to(positions: int, side: int, margins: tuple[int, int]) -> Iterator[PromptSize]:
    """Prompts of one crop, of two and so on, until one is too long."""
    known = (prompt_of(number, side, margins) for number in range(1, MAX_CROPS + 1))
    return takewhile(lambda prompt: prompt.tokens <= positions, known)


def _row(
    plan: Plan, sizes: Sizes, precision: str, wanted: PromptSize, prompts: Sequence[PromptSize], pixels: int
) -> Row:
    parameters = plan.parameters
    peak = peak_mb(parameters, sizes, precision, wanted, pixels)
    fitting = takewhile(
        lambda prompt: peak_mb(parameters, sizes, precision, prompt, pixels) <= plan.memory_mb, prompts
    )
    point = _point_seconds(plan, sizes, precision, wanted)
    frame = _reading_seconds(plan, sizes, precision, wanted)
    return Row(
        precision=precision,
        weights_mb=round(parameters.megabytes(precision), 1),
        peak_mb=round(peak, 1),
        fits=peak <= plan.memory_mb and wanted.tokens <= sizes.text_config.max_position_embeddings,
        max_crops=sum(1 for _ in fitting),
        point_ms=None if point is None else 1000 * point,
        frame_ms=None if frame is None or point is None else 1000 * (frame + point),
        parts_mb=parameters.parts_mb(precision),
    )


def _seconds(plan: Plan, read: float, flops: float) -> float | None:
    """The longer of what is known: reading so many bytes, and so many operations."""
    rates = ((read, plan.bytes_per_s), (flops, plan.flops_per_s))
    return max((amount / rate for amount, rate in rates if rate is not None), default=None)


def _point_seconds(plan: Plan, sizes: Sizes, precision: str, prompt: PromptSize) -> float | None:
    """One forward pass over the language blocks and the output layer, with the cache of the prompt."""
    text, parameters, stored = sizes.text_config, plan.parameters, PRECISIONS[precision]
    head = parameters.head or parameters.table
    cache = 2 * text.num_hidden_layers * text.keys * prompt.tokens * stored.wide
    read = parameters.linear * stored.narrow + parameters.rows * stored.row + head * stored.wide + cache
    return _seconds(plan, read, 2 * STEP_TOKENS * (parameters.active + head))


def _reading_seconds(plan: Plan, sizes: Sizes, precision: str, prompt: PromptSize) -> float | None:
    """Reading the image: the vision tower over all patches, the language blocks over all tokens."""
    vision, text, parts = sizes.vision_config, sizes.text_config, plan.parameters.by_part
    patches = prompt.crops * vision.num_position_embeddings
    tower = 2 * parts[VISION] * patches
    tower += 4 * vision.num_hidden_layers * vision.hidden_size * patches * vision.num_position_embeddings
    language = 2 * plan.parameters.active * prompt.tokens
    language += 4 * text.num_hidden_layers * text.queries * prompt.tokens**2
    connector = 2 * parts["connector"] * prompt.image_tokens
    sizes_mb = plan.parameters.parts_mb(precision)
    read = sum(size for part, size in sizes_mb.items() if part not in (WORDS, HEAD)) * 1e6
    return _seconds(plan, read, tower + language + connector)
