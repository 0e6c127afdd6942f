"""Whether a checkpoint's probabilities mean what they say: `python -m model.evaluation.calibration`.

`score` should be the share of points of that score that hit, `absent` the share of such queries that nothing
matches; as the probability of one exact cell of a thing that covers many, `score` claims too little. Patch
scores are divided by `score_temperature`; it is fitted on one half of held-out pictures (least
logarithmic loss of both numbers) and judged on the other half. It never changes which point is chosen.
`--write` stores it in the checkpoint's config.json. Prints a table, and one JSON object last.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import molmo_act
from model.data.sample import Picture
from model.evaluation.pointing import answered, sources
from molmo_act.api import NANO

SOURCES = ("plain windows", "scenes, shapes only", "scenes, new pictures", "screens, small")
TEMPERATURES = (3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 19.0, 24.0, 32.0)
PER_PICTURE = 8
BINS = 10
SURE = 1e-6  # probabilities are kept so far from 0 and 1 in logarithms
SIDE, MARGIN = 260, 36  # of a diagram, pixels


@dataclass(frozen=True)
class Claims:
    """Probabilities that were claimed at each temperature, and what was true.

    Attributes:
        claimed: float (temperatures, N).
        true: bool (N,).
    """

    claimed: np.ndarray
    true: np.ndarray

    @classmethod
    def gather(cls, rows: Sequence[tuple[Sequence[float], bool]]) -> Claims:
        """Of (probability at each temperature, truth)."""
        table = np.array([claimed for claimed, _ in rows], dtype=np.float64).reshape(len(rows), -1)
        return cls(table.T, np.array([true for _, true in rows], dtype=bool))

    def losses(self) -> np.ndarray:
        """Mean logarithmic loss at each temperature."""
        claimed = self.claimed.clip(SURE, 1 - SURE)
        return -np.where(self.true, np.log(claimed), np.log1p(-claimed)).mean(-1)


@dataclass(frozen=True)
class Bin:
    """Claims of about the same probability: how many, their mean, and the share that was true."""

    count: int
    claimed: float
    true: float


def reliability(claimed: np.ndarray, true: np.ndarray) -> list[Bin]:
    """Bins of equal width over [0, 1]; those without claims are left out.

    Args:
        claimed: float (N,) in [0, 1].
        true: bool (N,).
    """
    index = np.minimum((claimed * BINS).astype(int), BINS - 1)
    return [
        Bin(int(own.sum()), float(claimed[own].mean()), float(true[own].mean()))
        for own in (index == number for number in range(BINS))
        if own.any()
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: mean distance of claim and truth, bins weighted by their claims."""
    total = sum(each.count for each in bins)
    return sum(each.count * abs(each.claimed - each.true) for each in bins) / total


def claims_of(
    model: molmo_act.PointingModel,
    pictures: Iterable[Picture],
    queries: int,
    name: str,
    temperatures: Sequence[float | None],
) -> tuple[Claims, Claims]:
    """What `score` claims of points, and `absent` of queries, at each temperature; pictures are read once."""
    config = model.model.config
    own = config.score_temperature

    def point(image: np.ndarray, asked: list[str]) -> Any:
        """For each query, its answers at all temperatures."""
        encoded = model.encode(image)
        found = []
        for temperature in temperatures:
            config.score_temperature = temperature
            found.append(model.point(encoded, asked))
        return list(zip(*found, strict=True))

    scores: list[tuple[Sequence[float], bool]] = []
    absents: list[tuple[Sequence[float], bool]] = []
    at_all: Any
    try:
        for query, at_all in answered(point, pictures, queries, PER_PICTURE, name):
            absents.append(([points.absent for points in at_all], not query.targets))
            for number, (x, y) in enumerate(at_all[0].xy):
                hit = any(target.contains(x, y) for target in query.targets)
                scores.append(([float(points.score[number]) for points in at_all], hit))
    finally:
        config.score_temperature = own
    return Claims.gather(scores), Claims.gather(absents)


def halves(claims: Claims) -> tuple[Claims, Claims]:
    """The first half, to fit on, and the second; claims come picture by picture."""
    middle = len(claims.true) // 2
    return (
        Claims(claims.claimed[:, :middle], claims.true[:middle]),
        Claims(claims.claimed[:, middle:], claims.true[middle:]),
    )


def joined(parts: Sequence[Claims]) -> Claims:
    """All claims in one."""
    return Claims(
        np.concatenate([part.claimed for part in parts], axis=-1),
        np.concatenate([part.true for part in parts]),
    )


def diagram(curves: dict[str, Sequence[Bin]]) -> Image.Image:
    """Reliability diagrams side by side: claimed to the right, true upwards, area of a dot its claims."""
    canvas = Image.new("RGB", (len(curves) * (SIDE + 2 * MARGIN), SIDE + 2 * MARGIN), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    for number, (name, bins) in enumerate(curves.items()):
        left, top = number * (SIDE + 2 * MARGIN) + MARGIN, MARGIN
        draw.rectangle((left, top, left + SIDE, top + SIDE), outline="#888888")
        draw.line((left, top + SIDE, left + SIDE, top), fill="#bbbbbb")
        draw.text((left, top - 20), f"{name}: ECE {calibration_error(bins):.3f}", fill="black", font=font)
        draw.text((left, top + SIDE + 6), "0     claimed →   true ↑      1", fill="#666666", font=font)
        most = max(each.count for each in bins)
        for each in bins:
            x, y = left + each.claimed * SIDE, top + (1 - each.true) * SIDE
            radius = 2 + 10 * (each.count / most) ** 0.5
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill="#4363d8")
    return canvas


def write_temperature(checkpoint: Path, temperature: float) -> None:
    """Stores a temperature in a checkpoint's config.json, whole or not at all."""
    path = checkpoint / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {"score_temperature": temperature}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(partial, path)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=NANO, help="folder; the bundled nano unless given")
    parser.add_argument("--queries", type=int, default=400, help="queries of each source")
    parser.add_argument("--out", type=Path, default=Path("out/reliability.png"), help="the diagrams")
    parser.add_argument("--write", action="store_true", help="store the fitted temperature")
    args = parser.parse_args()
    model, streams = molmo_act.load(args.model), sources()
    own = model.model.config.score_temperature
    tried: tuple[float | None, ...] = (own, *TEMPERATURES)
    found = [claims_of(model, streams[name], args.queries, name, tried) for name in SOURCES]
    fits, tests = zip(*((halves(scores), halves(absents)) for scores, absents in found), strict=True)
    fit = [joined([part[0] for part in parts]) for parts in (fits, tests)]
    test = {"score": joined([part[1] for part in fits]), "absent": joined([part[1] for part in tests])}
    best = 1 + int(sum(claims.losses() for claims in fit)[1:].argmin())  # type: ignore[index]

    curves: dict[str, Sequence[Bin]] = {}
    errors: dict[str, list[float]] = {}
    print("| number | claims | ECE as it is | ECE fitted |\n|---|---|---|---|")
    for name, claims in test.items():
        before, after = (reliability(claims.claimed[row], claims.true) for row in (0, best))
        curves |= {f"{name}, as it is": before, f"{name}, fitted": after}
        errors[name] = [round(calibration_error(bins), 4) for bins in (before, after)]
        print(f"| {name} | {len(claims.true)} | {errors[name][0]:.3f} | {errors[name][1]:.3f} |")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    diagram(curves).save(args.out)
    if args.write:
        write_temperature(args.model, tried[best] or 0.0)
    print(
        json.dumps(
            {
                "model": model.name,
                "machine": platform.machine(),
                "temperature": {"own": own, "fitted": tried[best]},
                "ece": errors,
                "curves": {name: [vars(each) for each in bins] for name, bins in curves.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
