"""Measures and fits a checkpoint's calibration: `python -m model.evaluation.calibration`.

`score` should equal the share of points with that score that hit, `absent` the share of such queries that
nothing matches. `score` is the probability of one cell of an object that covers many, so it is too low. A
curve of two numbers for each corrects it (`molmo_act.calibration`). Curves are fitted on one half of held-out
images by least logarithmic loss and evaluated on the other half. They never change which point is chosen, nor
the order of points. `--write` stores them in the checkpoint's config.json. `--images FOLDER` takes your own
images instead, with boxes, as `model.data.datasets.custom` reads them. Prints a table, then one JSON object.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import molmo_act
from model._cli import command, make_parser
from model.data.datasets.custom import CustomImages
from model.data.schema import ImageSample
from model.evaluation.pointing import answered, shuffled_samples, sources
from molmo_act._optional import lazy_import
from molmo_act.calibration import apply_curve, log_odds
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file
from molmo_act.pointing.load import NANO

optimize = lazy_import("scipy.optimize", extra="train", purpose="evaluation")

SOURCES = ("plain windows", "scenes, shapes only", "scenes, new images", "screens, small")
PER_IMAGE = 8
BINS = 10
SIDE, MARGIN = 260, 36  # of a diagram, pixels
KEYS = {"score": "score_curve", "absent": "absent_curve"}  # of config.json

Curve = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Claims:
    """Predicted probabilities and their outcomes.

    Attributes:
        claimed: float (N,) in [0, 1], the predicted probabilities.
        true: bool (N,), whether each came true.
    """

    claimed: np.ndarray
    true: np.ndarray

    @classmethod
    def gather(cls, rows: Sequence[tuple[float, bool]]) -> Claims:
        """Makes claims from pairs of (probability, outcome)."""
        return cls(np.array([claimed for claimed, _ in rows]), np.array([true for _, true in rows], bool))

    def on(self, curve: Sequence[float] | None) -> Claims:
        """Returns the claims after a calibration curve; None changes nothing."""
        return Claims(np.array([apply_curve(float(each), curve) for each in self.claimed]), self.true)

    def halves(self) -> tuple[Claims, Claims]:
        """Returns the first half, to fit on, and the second half, to test on; claims come image by image."""
        middle = len(self.true) // 2
        return Claims(self.claimed[:middle], self.true[:middle]), Claims(
            self.claimed[middle:], self.true[middle:]
        )

    def fit(self) -> Curve:
        """Fits slope and offset by least logarithmic loss, regularised by the weight of one claim.

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

        log_slope, offset = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead").x
        return round(float(np.exp(log_slope)), 4), round(float(offset), 4)


@dataclass(frozen=True)
class Bin:
    """Claims of about the same probability: their count, their mean, and the share that came true."""

    count: int
    claimed: float
    true: float


def reliability(claims: Claims) -> list[Bin]:
    """Sorts claims into bins of equal width over [0, 1]; empty bins are left out."""
    index = np.minimum((claims.claimed * BINS).astype(int), BINS - 1)
    return [
        Bin(int(own.sum()), float(claims.claimed[own].mean()), float(claims.true[own].mean()))
        for own in (index == number for number in range(BINS))
        if own.any()
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Returns the expected calibration error: mean distance of claim and truth, weighted by claims."""
    total = sum(each.count for each in bins)
    return sum(each.count * abs(each.claimed - each.true) for each in bins) / total


def claims_of(
    model: molmo_act.PointingModel, samples: Iterable[ImageSample], queries: int, name: str
) -> dict[str, Claims]:
    """Returns what `score` claims of points and `absent` of queries, before any curve."""
    config = model.model.config
    own = {key: getattr(config, key) for key in KEYS.values()}
    scores: list[tuple[float, bool]] = []
    absents: list[tuple[float, bool]] = []
    try:
        for key in own:
            setattr(config, key, None)
        for query, points in answered(model.point, samples, queries, PER_IMAGE, name):
            absents.append((points.absent, not query.targets))
            scores += [
                (point.score, any(target.contains(point.x, point.y) for target in query.targets))
                for point in points
            ]
    finally:
        for key, curve in own.items():
            setattr(config, key, curve)
    return {"score": Claims.gather(scores), "absent": Claims.gather(absents)}


def own_images(folder: Path) -> Iterable[ImageSample]:
    """Gives a user's own images.

    Args:
        folder: Holds ``points.jsonl``, see `model.data.datasets.custom`.

    Returns:
        The images in random order; those that cannot be read are counted on stderr.

    Raises:
        InputError: The file cannot be used, or an object has no box.
    """
    source = CustomImages(folder)
    for query in source.queries:
        if any(target.box[:2] == target.box[2:] for target in query.targets):
            raise InputError(
                f"{folder}: {query.text!r} has points without boxes, so that nobody knows which points "
                'hit. Give "boxes": [[x0, y0, x1, y1], …] on each line with points.'
            )
    return shuffled_samples(source, str(folder))


def joined(parts: Sequence[Claims]) -> Claims:
    """Concatenates claims."""
    return Claims(
        np.concatenate([part.claimed for part in parts]), np.concatenate([part.true for part in parts])
    )


def diagram(curves: dict[str, Sequence[Bin]]) -> Image.Image:
    """Draws reliability diagrams side by side; the area of a dot is its number of claims."""
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
    """Writes curves of "score" and "absent" into a checkpoint's config.json, atomically."""
    path = checkpoint / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {KEYS[name]: list(curve) for name, curve in curves.items()}
    with atomic_file(path, durable=True) as partial:
        partial.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--model", type=Path, default=NANO, help="folder; the bundled nano unless given")
    parser.add_argument("--queries", type=int, default=200, help="queries of each source")
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="your own images with points.jsonl and boxes"
    )
    parser.add_argument("--out", type=Path, default=Path("out/reliability.png"), help="the diagrams")
    parser.add_argument("--write", action="store_true", help="store the fitted curves in the checkpoint")
    args = parser.parse_args()
    report(args)


def report(args: argparse.Namespace) -> None:
    """Fits and evaluates curves, prints the report, and writes the curves if asked to."""
    streams = {name: sources()[name] for name in SOURCES}
    if args.images is not None:
        streams = {str(args.images): own_images(args.images)}
    model = molmo_act.load(args.model)
    found = [claims_of(model, samples, args.queries, name) for name, samples in streams.items()]
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
