"""Measures how full packed sequences are: `python -m model.train.data.packing_report`.

The examples are those of the bundled generators. Prints a table for several sizes of sequences, and one JSON
object last.
"""

from __future__ import annotations

import itertools
import json
import time

import molmo_act
from model._cli import make_parser
from model.data.encoding.mixture import parse_groups, source_names
from model.data.encoding.packing import Room
from model.data.registry import open_source
from model.train.config.packed import PackedRecipe
from model.train.data.packed_stream import PackStream, StreamPlan
from model.train.models.init import make_encoders

ROOMS = (Room(2048, 24), Room(4096, 48), Room(8192, 96))


def fullness(room: Room, mixture: str, sequences: int) -> dict[str, float]:
    """Packs sequences and measures how full they are.

    Args:
        room: Room of a sequence.
        mixture: See `model.data.encoding.mixture.parse_groups`.
        sequences: Number of sequences.

    Returns:
        Shares of tokens and crops that are used, examples of a sequence, sequences per second, and the
        arguments.
    """
    model = molmo_act.load()
    groups = parse_groups(mixture)
    plan = StreamPlan(groups, room)
    sources = {name: open_source(name) for name in source_names(groups)}
    encoders = make_encoders(model.processor, PackedRecipe())
    began = time.perf_counter()
    packs = list(itertools.islice(PackStream(plan, sources, encoders, model.model.config), sequences))
    seconds = time.perf_counter() - began
    return {
        "tokens": room.tokens,
        "crops": room.crops,
        "sequences": len(packs),
        "tokens_used": round(sum(p.sequence.tokens for p in packs) / len(packs) / room.tokens, 4),
        "crops_used": round(sum(len(p.sequence.patches) for p in packs) / len(packs) / room.crops, 4),
        "examples": round(sum(p.sequence.examples for p in packs) / len(packs), 2),
        "sequences_per_second": round(len(packs) / seconds, 2),
    }


def main() -> None:
    """Runs the command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--mixture", default="0.5 screens; 0.5 scenes")
    parser.add_argument("--sequences", type=int, default=40, help="of each size")
    args = parser.parse_args()
    rows = [fullness(room, args.mixture, args.sequences) for room in ROOMS]
    print("| tokens | crops | tokens used | crops used | examples in one |\n|---|---|---|---|---|")
    for row in rows:
        print(
            f"| {row['tokens']} | {row['crops']} | {row['tokens_used']:.3f} | {row['crops_used']:.3f} "
            f"| {row['examples']} |"
        )
    print(json.dumps({"mixture": args.mixture, "rows": rows}))


if __name__ == "__main__":
    main()
