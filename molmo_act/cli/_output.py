"""Formats results for stdout: JSON for programs, tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from molmo_act.outputs.serialization import to_json

if TYPE_CHECKING:
    from molmo_act.outputs.mask import Mask
    from molmo_act.outputs.masks import Masks
    from molmo_act.outputs.points import Points
    from molmo_act.outputs.tracks import Track, Tracks


CUT_SHORT = "the answer was cut short, so there may be more"
DAMAGED = "the video is damaged, so frames are missing"


def points_json(model_name: str, source: str, points: Points) -> str:
    """Formats points as one JSON object on one line.

    Args:
        model_name: What was loaded.
        source: The image or video, as it was given.
        points: Points in one image, or in one video.

    Returns:
        The line: ``model``, ``source``, and what `Points.to_dict` gives.
    """
    return to_json({"model": model_name, "source": source, **points.to_dict()})


def count_json(model_name: str, source: str, number: int, points: Points) -> str:
    """Formats a count as one JSON object on one line.

    Args:
        model_name: What was loaded.
        source: The image or video, as it was given.
        number: How many objects there are.
        points: What was counted.

    Returns:
        The line.
    """
    values = points.to_dict()
    kept = {name: values[name] for name in ("query", "image_size", "truncated", "damaged")}
    return to_json({"model": model_name, "source": source, **kept, "count": number})


def incomplete(points: Points) -> str:
    """Says what may be missing of an answer.

    Args:
        points: The answer.

    Returns:
        What to put behind a line, nothing where nothing is missing.
    """
    return (f"; {CUT_SHORT}" if points.truncated else "") + (f"; {DAMAGED}" if points.damaged else "")


def points_table(points: Points, source: str = "") -> str:
    """Formats points as a heading and a line for each point.

    Args:
        points: Points in one image, or in one video.
        source: The image or video, where there are several.

    Returns:
        The lines.
    """
    (width, height), *others = points.image_size
    where = f"{width}×{height} pixels"
    if others:
        where = f"{len(others) + 1} frames of {where}"
    about = f"{source}: " if source else ""
    cut = incomplete(points)
    if not len(points):
        found = f'nothing found for "{points.query}" in {where} (absent {points.absent:.2f})'
        return about + found + cut
    timed = points.timestamp is not None
    lines = [
        f'{about}{_plural(len(points), "point")} for "{points.query}" in {where}{cut}',
        f"{'#':>4} {'time ' if timed else ''}{'x':>8} {'y':>8}  score".replace("time ", f"{'time':>9} "),
        *(
            f"{p.object_id:>4} {'' if p.timestamp is None else f'{p.timestamp:>8.2f}s '}"
            f"{p.x:>8.1f} {p.y:>8.1f}  {p.score:.2f}"
            for p in points
        ),
    ]
    return "\n".join(lines)


@dataclass
class _Seen:
    """When an object was visible: all that is kept of it."""

    query: str | None
    first: float
    last: float
    frames: int = 1


class VideoSummary:
    """What people want to know of the objects in a video, taken in frame by frame in constant memory.

    Attributes:
        frames: How many frames there were.
        seen: When each object was visible, by its number.
        truncated: Whether an answer was not complete.
        damaged: Whether frames of the video are missing.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.seen: dict[int, _Seen] = {}
        self.truncated = self.damaged = False

    def add(self, tracks: Tracks) -> None:
        """Takes in the tracks of the next frame.

        Args:
            tracks: The tracks.
        """
        self.frames += 1
        self.truncated |= tracks.truncated
        self.damaged |= tracks.damaged
        for one in tracks:
            if one.visible:
                self._see(one, tracks.timestamp)

    def add_masks(self, masks: Masks) -> None:
        """Takes in the masks of the next frame.

        Args:
            masks: The masks.
        """
        self.frames += 1
        self.truncated |= masks.truncated
        self.damaged |= masks.damaged
        for one in masks:
            self._see(one, float(masks.timestamp[0]))

    def _see(self, one: Track | Mask, seconds: float) -> None:
        seen = self.seen.get(one.object_id)
        if seen is None:
            self.seen[one.object_id] = _Seen(one.query, seconds, seconds)
        else:
            seen.last, seen.frames = seconds, seen.frames + 1

    def table(self) -> str:
        """Formats the objects as a heading and a line for each object.

        Returns:
            The lines: when each object was first and last visible, and on how many frames.
        """
        cut = (f"; {CUT_SHORT}" if self.truncated else "") + (f"; {DAMAGED}" if self.damaged else "")
        lines = [f"{_plural(len(self.seen), 'object')} on {_plural(self.frames, 'frame')}{cut}"]
        if self.seen:
            lines.append(f"{'#':>4} {'first':>8} {'last':>8} {'frames':>7}  query")
        for number, seen in sorted(self.seen.items()):
            lines.append(f"{number:>4} {seen.first:>7.2f}s {seen.last:>7.2f}s {seen.frames:>7}  {seen.query}")
        return "\n".join(lines)


def bench_table(found: Mapping[str, Any]) -> str:
    """Formats measured times.

    Args:
        found: What `molmo_act.cli.bench.time_answer` measured.

    Returns:
        The lines: what was timed, then median milliseconds of either path.
    """
    ms = {stage: taken["median"] for stage, taken in found["ms"].items()}
    size = f"{found['prompt_tokens']} tokens in, {found['answer_tokens']} out"
    return "\n".join(
        (
            f"{found['model']} on {found['device']}, {found['dtype']}: {size}",
            f"engine   prefill {ms['prefill']:.1f} ms, decode {ms['decode']:.1f} ms",
            f"generate prefill {ms['plain_prefill']:.1f} ms, decode {ms['plain_decode']:.1f} ms",
        )
    )


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
