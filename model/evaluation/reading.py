"""Measures reading beside a model, and fits how both are weighed: `python -m model.evaluation.reading`.

Pages of half of the templates tune, those of the other half are reported; no template is in both. The model
is asked in people's words; reading alone is asked once with the exact label and once in the same words. What
the reader and the model say is kept in a folder, so that a second run takes seconds. With ``--write`` the
weights of the tuning half go into the library, `molmo_act/reading/weights.json`.

    python -m model.data.web.real_pages --templates --out .cache/pages
    python -m model.evaluation.reading --write
"""

from __future__ import annotations

import json
import platform
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import molmo_act
from model._cli import add_model, command, make_parser
from model.data.schema import Query
from model.data.web.real_pages import FORM_TEMPLATES, TEMPLATES
from model.evaluation.calibration import Claims, calibration_error, reliability
from model.evaluation.coverage import coverage_curve, draw_coverage
from model.evaluation.ocr_baseline import labels_apart
from model.evaluation.reading_evidence import Evidence, gather
from molmo_act._optional import lazy_import
from molmo_act.io.atomic import atomic_file
from molmo_act.reading.candidates import TEXT_FEATURES, candidates
from molmo_act.reading.evidence import weigh
from molmo_act.reading.fusion import fuse, looker
from molmo_act.reading.icon_evidence import ICON_FEATURES, icon_evidence, names_icon
from molmo_act.reading.query import ParsedQuery, Reading, parse_query
from molmo_act.reading.scoring import (
    ABSENT_FEATURES,
    MODEL_FEATURES,
    WEIGHTS_FILE,
    Logistic,
    Weights,
)
from molmo_act.request import Bounds

optimize = lazy_import("scipy.optimize", extra="train", purpose="evaluation")

ABSENT_LIKENESS = 0.8
"""Likeness below which reading alone says that nothing matches."""
_RIDGE = 0.3  # weight of a squared weight against one claim's logarithmic loss
_OFFSET_RIDGE = 0.02  # so that claims that are never true have a fit

Rows = list[tuple[list[float], bool]]
"""Evidence, and whether what it claims is true."""


@dataclass(frozen=True)
class Answer:
    """What a way of looking answers to one query: its best place, and how sure it is."""

    xy: tuple[float, float] | None
    score: float = 0.0
    absent: float | None = None

    def right(self, query: Query) -> bool:
        """Whether the place is on a target, or nothing was found where nothing is."""
        if not query.targets:
            return self.xy is None
        return self.xy is not None and on_target(query, *self.xy)


def on_target(query: Query, x: float, y: float) -> bool:
    """Tells whether a place lies on anything that a query asks for."""
    return any(target.contains(x, y) for target in query.targets)


def tuning_templates() -> set[str]:
    """Names of every second template, which pages are tuned on."""
    return {name.split("@")[0] for name in sorted(TEMPLATES)[::2]}


def template_of(page: Path) -> str:
    """Name of the template that a page shows; the longest that its name begins with."""
    names = [name.split("@")[0] for name in (*TEMPLATES, *FORM_TEMPLATES)]
    return max((name for name in names if page.stem.startswith(f"{name}-")), key=len)


def fit_logistic(rows: Rows, *, rising: Sequence[int] = ()) -> Logistic:
    """Fits a logistic regression by least logarithmic loss, with small weights preferred.

    Args:
        rows: Features, and whether the claim is true.
        rising: Numbers of features with which the probability never falls.
    """
    features, true = np.array([row for row, _ in rows]), np.array([outcome for _, outcome in rows])
    sign = np.where(true, 1.0, -1.0)

    def loss(numbers: np.ndarray) -> float:
        odds = numbers[0] + features @ numbers[1:]
        small = _RIDGE * numbers[1:] @ numbers[1:] + _OFFSET_RIDGE * numbers[0] ** 2
        return float(np.logaddexp(0, -sign * odds).sum() + small)

    bounds = [(0 if column - 1 in rising else None, None) for column in range(features.shape[1] + 1)]
    found = optimize.minimize(loss, np.zeros(len(bounds)), method="L-BFGS-B", bounds=bounds).x
    return Logistic(round(float(found[0]), 4), tuple(round(float(number), 4) for number in found[1:]))


def fit(pages: Sequence[Evidence]) -> Weights:
    """Fits all weights, one regression on the outcome of those before it."""
    asked = [
        (query, parse_query(query.text), points, page)
        for page in pages
        for query, points in zip(page.queries, page.points, strict=True)
    ]
    weighed = [
        (query, weigh(points, page.index, parsed, page.image, page.icons if names_icon(parsed) else None))
        for query, parsed, points, page in asked
        if parsed.kind != "icon" or names_icon(parsed)  # otherwise the model answers alone
    ]
    text = fit_logistic(
        [
            (row, on_target(query, *place))
            for query, known in weighed
            for place, row in zip(known.places(), known.text_evidence(), strict=True)
        ],
        rising=[TEXT_FEATURES.index(name) for name in ("control found", "model agrees")],
    )
    model_rows: Rows = []
    absent_rows: Rows = []
    icon_absent_rows: Rows = []
    best: list[float] = [max(map(text, known.text_evidence()), default=0.0) for _, known in weighed]
    icon = fit_logistic(
        [
            (row, on_target(query, *one.match.middle))
            for (query, known), most in zip(weighed, best, strict=True)
            for one, row in zip(known.icons or (), known.icon_rows(most), strict=True)
        ],
        rising=[ICON_FEATURES.index(name) for name in ("log odds", "model agrees")],
    )
    best = [
        max([most, *map(icon, known.icon_rows(most))]) for (_, known), most in zip(weighed, best, strict=True)
    ]
    for (query, known), most in zip(weighed, best, strict=True):
        if known.query.kind == "icon":
            continue  # there are too few to weigh a model anew
        places = known.points.xy[known.elsewhere].tolist()
        model_rows += [
            (row, on_target(query, x, y))
            for (x, y), row in zip(places, known.model_evidence(most), strict=True)
        ]
    model = fit_logistic(model_rows, rising=(0,))
    for (query, known), most in zip(weighed, best, strict=True):
        most = max([most, *map(model, known.model_evidence(most))])
        rows = icon_absent_rows if known.query.kind == "icon" else absent_rows
        rows.append((known.absent_evidence(most), not query.targets))
    absent, icon_absent = fit_logistic(absent_rows), fit_logistic(icon_absent_rows)
    return Weights(
        text,
        model,
        absent,
        threshold([(absent(row), nothing) for row, nothing in absent_rows]),
        icon,
        icon_absent,
        threshold([(icon_absent(row), nothing) for row, nothing in icon_absent_rows]),
    )


def threshold(claims: Sequence[tuple[float, bool]]) -> float:
    """The probability of absence that best tells what is there from what is not, both counting half.

    Args:
        claims: Probability that nothing matches, and whether nothing does.
    """
    claimed, nothing = (np.array(column) for column in zip(*claims, strict=True))
    levels = np.unique(claimed)
    middles = (levels[1:] + levels[:-1]) / 2
    worth = [(claimed[nothing] > level).mean() + (claimed[~nothing] <= level).mean() for level in middles]
    return round(float(middles[int(np.argmax(worth))]), 4)


def write_weights(weights: Weights, model: str) -> None:
    """Writes weights where the library reads them."""
    names = {
        "text": TEXT_FEATURES,
        "model": MODEL_FEATURES,
        "absent": ABSENT_FEATURES,
        "icon": ICON_FEATURES,
        "icon_absent": ABSENT_FEATURES,
    }
    stored: dict[str, object] = {
        name: {
            "offset": getattr(weights, name).offset,
            "weights": dict(zip(names[name], getattr(weights, name).weights, strict=True)),
        }
        for name in names
    }
    empty = {"empty_above": weights.empty_above, "icon_empty_above": weights.icon_empty_above}
    with atomic_file(WEIGHTS_FILE, durable=True) as partial:
        partial.write_text(
            json.dumps({"fitted_with": model, **stored, **empty}, indent=2) + "\n",
            encoding="utf-8",
        )


Way = Callable[[Evidence, int], Answer]
"""Answers the query of that number about a page."""


def by_model(page: Evidence, number: int) -> Answer:
    """The model alone."""
    points = page.points[number]
    best = tuple(points.xy[0].tolist()) if len(points) else None
    return Answer(best, float(points.score[0]) if len(points) else 0.0, points.absent)


def by_text(page: Evidence, parsed: ParsedQuery) -> Answer:
    """Reading alone."""
    found = candidates(page.index, parsed)
    if not found or found[0].likeness < ABSENT_LIKENESS:
        return Answer(None)
    return Answer(found[0].match.middle, found[0].likeness)


def told_the_label(page: Evidence, number: int) -> Answer:
    """Reading alone, which is told the exact label."""
    label = page.queries[number].label
    return by_text(page, ParsedQuery(label, (Reading(label, None),)))


def by_words(page: Evidence, number: int) -> Answer:
    """Reading alone, in people's words."""
    return by_text(page, parse_query(page.queries[number].text))


def by_icons(page: Evidence, number: int) -> Answer:
    """Icons alone."""
    found = icon_evidence(page.icons, parse_query(page.queries[number].text), [])
    if not found or found[0].match.probability < 0.5:
        return Answer(None)
    return Answer(found[0].match.middle, found[0].match.probability)


def combined(weights: Weights, model: molmo_act.PointingModel | None) -> Way:
    """Reading and model together; with a model, fields are looked for beside their label."""

    def answer(page: Evidence, number: int) -> Answer:
        look = None
        if model is not None:
            look = looker(page.image, lambda part, words: model.point(part, words, exactly=1))
        asked = page.points[number]
        icons = page.icons if names_icon(parse_query(asked.query)) else None
        points = fuse(asked, page.index, Bounds(), weights=weights, image=page.image, look=look, icons=icons)
        best = points.best
        return Answer(None if best is None else (best.x, best.y), best.score if best else 0.0, points.absent)

    return answer


def rates(pages: Iterable[Evidence], way: Way) -> tuple[dict[str, list[bool]], Claims, Claims]:
    """Outcomes by kind of query; claims of the best place, and of absence where something is said of it."""
    outcomes: dict[str, list[bool]] = defaultdict(list)
    scores, absents = [], []
    for page in pages:
        for number, query in enumerate(page.queries):
            answer = way(page, number)
            for group in labels_apart(query):
                outcomes[group].append(answer.right(query))
            if answer.xy is not None:
                scores.append((answer.score, on_target(query, *answer.xy)))
            if answer.absent is not None:
                absents.append((answer.absent, not query.targets))
    return outcomes, Claims.gather(scores), Claims.gather(absents)


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--pages", type=Path, default=Path(".cache/pages"), help="rendered web pages")
    parser.add_argument(
        "--kept", type=Path, default=Path(".cache/read_pages"), help="what was found, between runs"
    )
    add_model(parser)
    parser.add_argument("--write", action="store_true", help="store the fitted weights in the library")
    parser.add_argument("--figure", type=Path, help="PNG file for curves of accuracy against coverage")
    args = parser.parse_args()
    model = molmo_act.load(args.model)
    pages = list(gather(args.pages, args.kept, model))
    tuning = [page for page in pages if template_of(page.page) in tuning_templates()]
    others = [page for page in pages if template_of(page.page) not in tuning_templates()]
    weights = fit(tuning)
    if args.write:
        write_weights(weights, model.name)
    report(others, {"tuned on": len(tuning), "reported on": len(others)}, weights, model, args.figure)


def report(
    pages: Sequence[Evidence],
    counts: dict[str, int],
    weights: Weights,
    model: molmo_act.PointingModel,
    figure: Path | None,
) -> None:
    """Prints a table, what the claims are worth, and one JSON object; draws a figure."""
    ways: dict[str, Way] = {
        model.name: by_model,
        "reading, told the label": told_the_label,
        "reading": by_words,
        "icons": by_icons,
        "both": combined(weights, None),
        "both, looking beside labels": combined(weights, model),
    }
    found = {name: rates(pages, way) for name, way in ways.items()}
    if figure is not None:
        asked = sum(len(page.queries) for page in pages)
        shown = (model.name, "reading", "both")
        curves = {name: coverage_curve(found[name][1], asked) for name in shown}
        draw_coverage(curves, figure, f"{asked} queries about {len(pages)} pages, not tuned on")
    print("| queries | of them | " + " | ".join(ways) + " |\n|---|---|" + "---|" * len(ways))
    for kind in sorted(found["both"][0], key=lambda kind: -len(found["both"][0][kind])):
        row = [outcomes[kind] for outcomes, _, _ in found.values()]
        shares = " | ".join(f"{np.mean(each):.2f}" for each in row)
        print(f"| {kind} | {len(row[0])} | {shares} |")
    errors = {
        name: [round(calibration_error(reliability(each)), 4) for each in claims if len(each.true)]
        for name, (_, *claims) in found.items()
    }
    print("| expected calibration error | score | absent |\n|---|---|---|")
    for name in (model.name, "both"):
        print(f"| {name} | {errors[name][0]:.3f} | {errors[name][1]:.3f} |")
    table = {
        name: {kind: round(float(np.mean(each)), 4) for kind, each in outcomes.items()}
        for name, (outcomes, _, _) in found.items()
    }
    print(json.dumps({"machine": platform.machine(), "pages": counts, "right": table, "ece": errors}))


if __name__ == "__main__":
    sys.exit(main())
