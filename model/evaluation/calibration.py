"""Whether a checkpoint's probabilities mean what they say: `python -m model.evaluation.calibration`.

`score` should be the share of points of that score that hit, `absent` the share of such queries that nothing
matches. As the probability of one cell of a thing that covers many, `score` claims too little; a curve of two
numbers for each mends it (`molmo_act.calibration`), fitted on one half of held-out pictures by least
logarithmic loss and judged on the other half. Curves never change which point is chosen, nor the order.
`--write` stores them in the checkpoint's config.json. Prints a table, and one JSON object last.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.optimize import minimize

import molmo_act
from model.command import command
from model.data.sample import Picture
from model.evaluation.pointing import answered, sources
from molmo_act.api import NANO
from molmo_act.calibration import log_odds, on_curve
from molmo_act.errors import InputError

SOURCES = ("plain windows", "scenes, shapes only", "scenes, new pictures", "screens, small")
PER_PICTURE = 8
BINS = 10
SIDE, MARGIN = 260, 36  # of a diagram, pixels
KEYS = {"score": "score_curve", "absent": "absent_curve"}  # of config.json

Curve = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Claims:
    """Probabilities that were claimed, and what was true.

    Attributes:
        claimed: float (N,) in [0, 1].
        true: bool (N,).
    """

    claimed: np.ndarray
    true: np.ndarray

    @classmethod
    def gather(cls, rows: Sequence[tuple[float, bool]]) -> Claims:
        """Of (probability, truth)."""
        return cls(np.array([claimed for claimed, _ in rows]), np.array([true for _, true in rows], bool))

    def on(self, curve: Sequence[float] | None) -> Claims:
        """The same, calibrated."""
        return Claims(np.array([on_curve(float(each), curve) for each in self.claimed]), self.true)

    def halves(self) -> tuple[Claims, Claims]:
        """The first half, to fit on, and the second; claims come picture by picture."""
        middle = len(self.true) // 2
        return Claims(self.claimed[:middle], self.true[:middle]), Claims(
            self.claimed[middle:], self.true[middle:]
        )

    def fit(self) -> Curve:
        """Slope and offset of the curve of least logarithmic loss, drawn to no change as by one claim.

        Raises:
            InputError: All claims were true, or none was.
        """
        if self.true.all() or not self.true.any():
            raise InputError(
                f"Of {len(self.true)} claims {int(self.true.sum())} were true; a curve needs both kinds. "
                "Ask more with --queries."
            )
        odds = np.array([log_odds(float(each)) for each in self.claimed])
        sign = np.where(self.true, 1.0, -1.0)

        def loss(numbers: np.ndarray) -> float:
            surprise = np.logaddexp(0, -sign * (np.exp(numbers[0]) * odds + numbers[1]))
            return float((surprise.sum() + numbers @ numbers / 2) / len(sign))

        log_slope, offset = minimize(loss, np.zeros(2), method="Nelder-Mead").x
        return round(float(np.exp(log_slope)), 4), round(float(offset), 4)


@dataclass(frozen=True)
class Bin:
    """Claims of about the same probability: how many, their mean, and the share that was true."""

    count: int
    claimed: float
    true: float


def reliability(claims: Claims) -> list[Bin]:
    """Bins of equal width over [0, 1]; those without claims are left out."""
    index = np.minimum((claims.claimed * BINS).astype(int), BINS - 1)
    return [
        Bin(int(own.sum()), float(claims.claimed[own].mean()), float(claims.true[own].mean()))
        for own in (index == number for number in range(BINS))
        if own.any()
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: mean distance of claim and truth, bins weighted by their claims."""
    total = sum(each.count for each in bins)
    return sum(each.count * abs(each.claimed - each.true) for each in bins) / total


def claims_of(
    model: molmo_act.PointingModel, pictures: Iterable[Picture], queries: int, name: str
) -> dict[str, Claims]:
    """What `score` claims of points, and `absent` of queries, before any curve."""
    config = model.model.config
    own = {key: getattr(config, key) for key in KEYS.values()}
    scores: list[tuple[float, bool]] = []
    absents: list[tuple[float, bool]] = []
    try:
        for key in own:
            setattr(config, key, None)
        for query, points in answered(model.point, pictures, queries, PER_PICTURE, name):
            absents.append((points.absent, not query.targets))
            scores += [
                (point.score, any(target.contains(point.x, point.y) for target in query.targets))
                for point in points
            ]
    finally:
        for key, curve in own.items():
            setattr(config, key, curve)
    return {"score": Claims.gather(scores), "absent": Claims.gather(absents)}


def joined(parts: Sequence[Claims]) -> Claims:
    """All claims in one."""
    return Claims(
        np.concatenate([part.claimed for part in parts]), np.concatenate([part.true for part in parts])
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
        draw.text((left, top + SIDE + 6), "0    across: claimed, up: true    1", fill="#666666", font=font)
        most = max(each.count for each in bins)
        for each in bins:
            x, y = left + each.claimed * SIDE, top + (1 - each.true) * SIDE
            radius = 2 + 10 * (each.count / most) ** 0.5
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill="#4363d8")
    return canvas


def write_curves(checkpoint: Path, curves: dict[str, Curve]) -> None:
    """Stores curves of "score" and "absent" in a checkpoint's config.json, whole or not at all."""
    path = checkpoint / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {KEYS[name]: list(curve) for name, curve in curves.items()}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(partial, path)


@command
def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=NANO, help="folder; the bundled nano unless given")
    parser.add_argument("--queries", type=int, default=200, help="queries of each source")
    parser.add_argument("--out", type=Path, default=Path("out/reliability.png"), help="the diagrams")
    parser.add_argument("--write", action="store_true", help="store the fitted curves in the checkpoint")
    args = parser.parse_args()
    report(args)


def report(args: argparse.Namespace) -> None:
    """Fits, judges, prints, and stores where it is asked to."""
    model, streams = molmo_act.load(args.model), sources()
    found = [claims_of(model, streams[name], args.queries, name) for name in SOURCES]
    curves: dict[str, Curve] = {}
    drawn: dict[str, Sequence[Bin]] = {}
    errors: dict[str, list[float]] = {}
    print("| number | claims | ECE as it is | ECE fitted | slope, offset |\n|---|---|---|---|---|")
    for number, key in KEYS.items():
        fits, tests = zip(*(each[number].halves() for each in found), strict=True)
        curves[number], test = joined(fits).fit(), joined(tests)
        bins = [reliability(test.on(curve)) for curve in (getattr(model.model.config, key), curves[number])]
        drawn |= {f"{number}, as it is": bins[0], f"{number}, fitted": bins[1]}
        errors[number] = [round(calibration_error(each), 4) for each in bins]
        before, after = errors[number]
        print(f"| {number} | {len(test.true)} | {before:.3f} | {after:.3f} | {curves[number]} |")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    diagram(drawn).save(args.out)
    if args.write:
        write_curves(args.model, curves)
    print(
        json.dumps(
            {
                "model": model.name,
                "machine": platform.machine(),
                "curves": curves,
                "ece": errors,
                "bins": {name: [vars(each) for each in bins] for name, bins in drawn.items()},
            }
        )
    )


if __name__ == "__main__":
    sys.exit(main())
