"""What commands print on stdout: JSON for programs, tables for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from molmo_act.points import Points
    from molmo_act.tracks import Track, Tracks

STAGES = ("preprocess", "prefill", "decode")


def json_of(model_name: str, points: Points) -> str:
    """One JSON object on one line; a stage that was not timed is null."""
    return json.dumps(
        {
            "model": model_name,
            "query": points.query,
            "image_size": list(points.image_size[0]),
            "points": [
                {
                    "x": round(p.x, 3),
                    "y": round(p.y, 3),
                    "object_id": p.object_id,
                    "score": round(p.score, 6),
                    "image_index": p.image_index,
                }
                for p in points
            ],
            "absent": round(points.absent, 6),
            "text": points.text,
            "timing_ms": {
                stage: round(points.timing_ms[stage], 3) if stage in points.timing_ms else None
                for stage in STAGES
            },
        },
        allow_nan=False,
    )


def table_of(points: Points) -> str:
    """A heading and a line for each point."""
    (width, height), *_ = points.image_size
    if not len(points):
        return f'nothing found for "{points.query}" in {width}×{height} pixels (absent {points.absent:.2f})'
    lines = [
        f'{_many(len(points), "point")} for "{points.query}" in {width}×{height} pixels',
        f"{'#':>4} {'x':>8} {'y':>8}  score",
        *(f"{p.object_id:>4} {p.x:>8.1f} {p.y:>8.1f}  {p.score:.2f}" for p in points),
    ]
    return "\n".join(lines)


def tracks_table_of(history: Sequence[Tracks]) -> str:
    """A heading and a line for each object: when it was seen first and last, and on how many frames."""
    seen: dict[int, list[Track]] = {}
    times: dict[int, list[float]] = {}
    for tracks in history:
        for one in tracks:
            if one.visible:
                seen.setdefault(one.object_id, []).append(one)
                times.setdefault(one.object_id, []).append(tracks.timestamp)
    lines = [f"{_many(len(seen), 'object')} on {_many(len(history), 'frame')}"]
    if seen:
        lines.append(f"{'#':>4} {'first':>8} {'last':>8} {'frames':>7}  query")
    for number, found in sorted(seen.items()):
        first, last = times[number][0], times[number][-1]
        lines.append(f"{number:>4} {first:>7.2f}s {last:>7.2f}s {len(found):>7}  {found[0].query}")
    return "\n".join(lines)


def times_of(found: dict[str, Any]) -> str:
    """Two lines of milliseconds and how they compare."""
    ms = {stage: taken["median"] for stage, taken in found["ms"].items()}
    size = f"{found['prompt_tokens']} tokens in, {found['answer_tokens']} out"
    return "\n".join(
        (
            f"{found['model']} on {found['device']}, {found['dtype']}: {size}",
            f"engine   prefill {ms['prefill']:.1f} ms, decode {ms['decode']:.1f} ms",
            f"generate prefill {ms['plain_prefill']:.1f} ms, decode {ms['plain_decode']:.1f} ms",
        )
    )


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
