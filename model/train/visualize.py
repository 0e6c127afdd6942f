"""Shows what a run learns from, and what its model says: `python -m model.train.visualize RECIPE FOLDER`.

The arguments are those of training. The page shows the next examples, or the first ones where there is no run
yet. Everything is drawn from the tensors themselves, so what is wrong in them is wrong on the page: crops
with the chosen patches (right: green, the model's: red), questions and answers, weights, and the attention
mask.
"""

from __future__ import annotations

import base64
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import Image, ImageDraw
from transformers import PreTrainedTokenizerBase

from model._cli import command
from model.train._arguments import training_arguments
from model.train.checkpoint import list_saves, load_weights
from model.train.config.overrides import override
from model.train.config.presets import RECIPES
from model.train.config.run_config import refuse_another
from model.train.data.branch_targets import CHOICES
from model.train.data.packed_sequence import NO_TREE, ROOT, PackedSequence
from model.train.distributed import DistributedContext
from model.train.losses.grounding import Choices
from model.train.losses.packed import PackedLossModule
from model.train.losses.video_molmo import VideoMolmoLossModule
from model.train.task import RunOptions
from model.train.tasks.build import build_task
from molmo_act._optional import import_optional
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file, check_output_folder, explain_write_errors

CROPS_A_ROW, MASK_SIDE = 6, 320
RIGHT, GUESSED = (0, 160, 60), (220, 30, 30)
PAGE = """<!doctype html><meta charset=utf-8><title>Packed sequences</title><style>
body{font:14px sans-serif;margin:2em} td,th{padding:2px 8px;text-align:left;vertical-align:top}
.tree{display:flex;align-items:flex-start;gap:1em;margin:1em 0;border-top:1px solid #ccc}
b{color:#063} i{color:#c22}</style>
{% for sequence in sequences -%}
<h2>Sequence {{ loop.index0 }}: {{ sequence.title }}</h2><img src="{{ sequence.mask }}">
{% for tree in sequence.trees -%}
<div class=tree><img src="{{ tree.crops }}"><table><tr><th>weight<th>conversation
{%- for branch in tree.branches -%}
<tr><td>{{ "%.3f" | format(branch.weight) }}<td>
{%- for word in branch.words -%}
{%- if word.learned %}<b>{{ word.text }}</b>{% else %}{{ word.text }}{% endif -%}
{%- if word.guess is not none %}<i>({{ word.guess }})</i>{% endif -%}
{%- endfor -%}
{%- endfor %}</table></div>
{% endfor -%}
{% endfor -%}
"""


@dataclass(frozen=True)
class _Word:
    """A word, whether it is trained on, and the word that the model would say instead, if that is wrong."""

    text: str
    learned: bool
    guess: str | None


@dataclass(frozen=True)
class _Branch:
    """One conversation with the weight of its tokens."""

    weight: float
    words: list[_Word]


@dataclass(frozen=True)
class _Tree:
    """The crops of an image, a data URL, with its conversations."""

    crops: str
    branches: list[_Branch]


@dataclass(frozen=True)
class _Sequence:
    """One packed sequence; its mask is a data URL."""

    title: str
    mask: str
    trees: list[_Tree]


class GivesChoices(Protocol):
    """A loss module of packed sequences."""

    def choices(self, batch: PackedSequence) -> dict[str, Choices]:
        """Runs the model with the true answers fed; see `PackedLossModule`."""


def render_page(
    sequences: list[PackedSequence], tokenizer: PreTrainedTokenizerBase, loss_module: GivesChoices
) -> str:
    """Renders a self-contained HTML page.

    Args:
        sequences: The examples to show.
        tokenizer: Decodes the words.
        loss_module: Gives the choices of the model.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    jinja2 = import_optional("jinja2", extra="train", purpose="showing packed sequences")
    shown = []
    for sequence in sequences:
        tokens, room = sequence.tokens, len(sequence.tree_S)
        title = (
            f"{sequence.examples} examples, {tokens} of {room} tokens ({tokens / room:.0%}), "
            f"{len(sequence.patches)} crops"
        )
        with torch.no_grad():
            guesses = _guesses(loss_module, sequence)
        trees = [_tree(sequence, tree, guesses, tokenizer) for tree in range(sequence.examples)]
        shown.append(_Sequence(title, _data_url(_mask(sequence)), trees))
    page: str = jinja2.Environment(autoescape=True).from_string(PAGE).render(sequences=shown)
    return page


def _guesses(loss_module: GivesChoices, sequence: PackedSequence) -> dict[str, torch.Tensor]:
    """The choices of the model at each position, by kind; -1 where nothing is asked."""
    found = {kind: torch.full_like(sequence.words_S, -1) for kind in CHOICES}
    for kind, choices in loss_module.choices(sequence).items():
        found[kind][choices.where] = choices.likeliest_M
    return found


def _mask(sequence: PackedSequence) -> Image.Image:
    """Draws the attention mask: queries down, keys across, dark where true; padding is left out."""
    attended = sequence.dense_mask()[0, 0] & (sequence.tree_S != NO_TREE)
    return Image.fromarray(np.where(attended, 60, 235).astype(np.uint8)).resize((MASK_SIDE, MASK_SIDE))


def _tree(
    sequence: PackedSequence, tree: int, guesses: dict[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
) -> _Tree:
    own = sequence.tree_S == tree
    numbers = sequence.branch_S[own & (sequence.branch_S != ROOT)].unique().tolist()
    branches = [
        _branch(sequence, own & (sequence.branch_S == n), guesses["word"], tokenizer) for n in numbers
    ]
    return _Tree(_data_url(_crops(sequence, tree, own, guesses["patch"])), branches)


def _branch(
    sequence: PackedSequence, where: torch.Tensor, guess: torch.Tensor, tokenizer: PreTrainedTokenizerBase
) -> _Branch:
    places = torch.nonzero(where)[:, 0].tolist()
    words = []
    for place in places:
        before = place - 1  # targets are those of the next position
        learned = before in places and float(sequence.weight_S[before]) > 0
        target, guessed = int(sequence.word_target_S[before]), int(guess[before])
        wrong = learned and target >= 0 and guessed != target
        text = tokenizer.decode([int(sequence.words_S[place])])
        words.append(_Word(text, learned, tokenizer.decode([guessed]) if wrong else None))
    return _Branch(float(sequence.weight_S[where].max()), words)


def _crops(sequence: PackedSequence, tree: int, own: torch.Tensor, guess: torch.Tensor) -> Image.Image:
    """Draws all crops of a tree side by side, with the patches that are chosen in them."""
    windows = torch.nonzero(sequence.tree_N == tree)[:, 0]
    per_crop, width = sequence.patches.shape[1:]
    ids = sequence.pooling_NK[windows]
    first, last = int(ids[ids >= 0].min()) // per_crop, int(ids.max()) // per_crop
    side, patch = round(per_crop**0.5), round((width / 3) ** 0.5)
    crop = side * patch
    count = last - first + 1
    columns = min(count, CROPS_A_ROW)
    canvas = Image.new("RGB", (columns * crop, -(-count // columns) * crop))
    for number in range(count):
        pixels = _bytes(sequence.patches[first + number]).reshape(side, side, patch, patch, 3)
        image = Image.fromarray(pixels.permute(0, 2, 1, 3, 4).reshape(crop, crop, 3).numpy())
        canvas.paste(image, (number % columns * crop, number // columns * crop))
    draw = ImageDraw.Draw(canvas)
    for targets, colour, inset in ((sequence.patch_target_S, RIGHT, 0), (guess, GUESSED, 2)):
        for row in targets[own & (targets >= 0)].tolist():
            if row >= len(sequence.tree_N):  # no more points
                continue
            for id_ in sequence.pooling_NK[row][sequence.pooling_NK[row] >= 0].tolist():
                number, place = id_ // per_crop - first, id_ % per_crop
                x = number % columns * crop + place % side * patch + inset
                y = number // columns * crop + place // side * patch + inset
                draw.rectangle((x, y, x + patch - 2 * inset, y + patch - 2 * inset), outline=colour)
    return canvas


def _bytes(patches: torch.Tensor) -> torch.Tensor:
    """Pixels as they are, or stretched from darkest to brightest where they are normalised, as in Molmo 1."""
    if patches.dtype == torch.uint8:
        return patches
    low, high = patches.min(), patches.max()
    return ((patches - low) * (255 / (high - low).clamp_min(1e-6))).round().to(torch.uint8)


def _data_url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


@command
def main() -> None:
    """Runs the command line; status 2 when the recipe cannot be shown."""
    parser = training_arguments("python -m model.train.visualize", __doc__)
    parser.add_argument("--sequences", type=int, default=4)
    parser.add_argument("--out", type=Path, help="page.html in the folder of the run unless given")
    args = parser.parse_intermixed_args()
    out = args.out or args.run / "page.html"
    check_output_folder(out.parent)
    if out.is_dir():
        raise InputError(f"Cannot write {str(out)!r}: it is a folder. Give the name of a file.")
    recipe = override(RECIPES[args.recipe], args.changes)
    refuse_another(args.run, recipe)
    task = build_task(recipe, RunOptions(args.run, args.data), DistributedContext(torch.device("cpu")))
    restored = load_weights(args.run, task.loss_module) if list_saves(args.run) else None
    sequences = task.packs(args.sequences, restored.data if restored else None)
    losses = task.loss_module
    shown = losses if isinstance(losses, VideoMolmoLossModule) else PackedLossModule(losses.model)
    page = render_page(sequences, task.processor.tokenizer, shown.eval())
    with explain_write_errors(out, kind="a page"):
        out.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(out) as unfinished:
            unfinished.write_text(page, encoding="utf-8")
    print(out)


if __name__ == "__main__":
    sys.exit(main())
