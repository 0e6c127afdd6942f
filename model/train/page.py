"""Shows what a run learns from, and what it says so far: `python -m model.train.page RECIPE FOLDER`.

The arguments are those of training. What comes next is shown, or first where there is no run yet. Everything
is drawn from the tensors themselves, so what is wrong in them is wrong on the page: crops with the chosen
patches (right: green, the model's: red), questions and answers, weights, and who sees whom.
"""

from __future__ import annotations

import base64
import html
import io
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from transformers import PreTrainedTokenizerBase

from model.train.__main__ import training_arguments
from model.train.course import Settings
from model.train.courses import open_course
from model.train.overrides import override
from model.train.packed import NO_TREE, ROOT, PackedSequence
from model.train.packed_objective import PackedObjective
from model.train.recipe_file import refuse_another
from model.train.recipes import RECIPES
from model.train.saved_run import load_weights, saves
from model.train.world import World
from molmo_act.errors import MolmoActError

CROPS_A_ROW, MASK_SIDE = 6, 320
RIGHT, GUESSED = (0, 160, 60), (220, 30, 30)
STYLE = """body{font:14px sans-serif;margin:2em} td,th{padding:2px 8px;text-align:left;vertical-align:top}
.tree{display:flex;align-items:flex-start;gap:1em;margin:1em 0;border-top:1px solid #ccc}
b{color:#063} i{color:#c22}"""


def page(
    sequences: list[PackedSequence], tokenizer: PreTrainedTokenizerBase, objective: PackedObjective
) -> str:
    """A self-contained page.

    Args:
        sequences: What is shown.
        tokenizer: Spells the words.
        objective: Says what it would choose.
    """
    parts = [f"<!doctype html><meta charset=utf-8><title>Packed sequences</title><style>{STYLE}</style>"]
    for number, sequence in enumerate(sequences):
        tokens, room = sequence.tokens, len(sequence.tree_S)
        parts.append(
            f"<h2>Sequence {number}: {sequence.examples} examples, {tokens} of {room} tokens "
            f"({tokens / room:.0%}), {len(sequence.patches)} crops</h2>{_picture(_mask(sequence))}"
        )
        with torch.no_grad():
            guesses = _guesses(objective, sequence)
        parts += [_tree(sequence, tree, guesses, tokenizer) for tree in range(sequence.examples)]
    return "\n".join(parts)


def _guesses(objective: PackedObjective, sequence: PackedSequence) -> dict[str, torch.Tensor]:
    """For patches and words, what the model would choose at each position; -1 where nothing is asked."""
    found = {}
    for kind, choices in objective.choices(sequence).items():
        guess = torch.full_like(sequence.words_S, -1)
        guess[choices.where_S] = choices.likeliest_M
        found[kind] = guess
    return found


def _mask(sequence: PackedSequence) -> Image.Image:
    """Who (down) sees whom (across), dark where seen; padding is left out."""
    seen = sequence.dense_mask()[0, 0] & (sequence.tree_S != NO_TREE)
    return Image.fromarray(np.where(seen, 60, 235).astype(np.uint8)).resize((MASK_SIDE, MASK_SIDE))


def _tree(
    sequence: PackedSequence, tree: int, guesses: dict[str, torch.Tensor], tokenizer: PreTrainedTokenizerBase
) -> str:
    own = sequence.tree_S == tree
    branches = sequence.branch_S[own & (sequence.branch_S != ROOT)].unique().tolist()
    rows = "".join(
        _branch(sequence, own & (sequence.branch_S == b), guesses["word"], tokenizer) for b in branches
    )
    crops = _crops(sequence, tree, own, guesses["patch"])
    return f"<div class=tree>{_picture(crops)}<table><tr><th>weight<th>conversation{rows}</table></div>"


def _branch(
    sequence: PackedSequence, where: torch.Tensor, guess: torch.Tensor, tokenizer: PreTrainedTokenizerBase
) -> str:
    """One conversation; what is learned is bold, and wrong words that the model would say stand behind it."""
    places = torch.nonzero(where)[:, 0].tolist()
    weight = float(sequence.weight_S[where].max())
    shown = []
    for place in places:
        word = html.escape(tokenizer.decode([int(sequence.words_S[place])]))
        before = place - 1
        learned = before in places and float(sequence.weight_S[before]) > 0
        target = int(sequence.word_target_S[before])
        wrong = learned and target >= 0 and int(guess[before]) != target
        said = f"<i>({html.escape(tokenizer.decode([int(guess[before])]))})</i>" if wrong else ""
        shown.append((f"<b>{word}</b>" if learned else word) + said)
    return f"<tr><td>{weight:.3f}<td>{''.join(shown)}"


def _crops(sequence: PackedSequence, tree: int, own: torch.Tensor, guess: torch.Tensor) -> Image.Image:
    """All crops of a tree side by side, with the patches that are chosen in them."""
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
        pixels = sequence.patches[first + number].reshape(side, side, patch, patch, 3)
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


def _picture(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return f'<img src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">'


def main() -> int:
    """Command line; 2 when the recipe cannot be shown."""
    parser = training_arguments("python -m model.train.page", __doc__)
    parser.add_argument("--sequences", type=int, default=4)
    parser.add_argument("--out", type=Path, help="page.html in the folder of the run unless given")
    args = parser.parse_intermixed_args()
    out = args.out or args.run / "page.html"
    try:
        recipe = override(RECIPES[args.recipe], args.changes)
        refuse_another(args.run, recipe)
        course = open_course(recipe, Settings(args.run, args.data), World(torch.device("cpu")))
        restored = load_weights(args.run, course.objective) if saves(args.run) else None
        sequences = course.packs(args.sequences, restored.data if restored else None)
    except MolmoActError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 2
    shown = page(sequences, course.processor.tokenizer, PackedObjective(course.objective.model).eval())
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(shown, encoding="utf-8")
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
