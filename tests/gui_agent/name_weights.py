"""Fits how names of widgets are weighed on the screens that are tuned on, and judges that on the others.

    python -m tests.gui_agent.program_screens
    python -m tests.gui_agent.name_weights --write

Each widget that has a name is asked for in many wordings: exact and in small letters, with a typing
mistake, cut short, by its description, as another kind. What each other widget of the screen would score
counts as well, and so does every widget where the one that is meant is left out. Weights are those of
least logarithmic loss, each drawn towards the number that was once chosen by hand, so that kinds that are
rare on these screens keep it. Reports calibration and the share of best names that are right on the other
half.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from gui_agent.accessibility.widget import Widget
from gui_agent.vision.name_match import NAME_FEATURES, NAME_FILE, Fit, fit_of
from model.evaluation.calibration import Claims, calibration_error, reliability
from molmo_act.io.atomic import atomic_file
from molmo_act.reading.query import ParsedQuery, parse_query
from molmo_act.reading.scoring import Logistic
from tests.gui_agent.program_screens import FOLDER, KIND_OF, ProgramScreen, load_screens

CHOSEN = Logistic(4.0, (-8.0, -1.0, -1.5, -3.0, -2.0, -1.5, -3.0, -1.0, -1.0, -2.0))
"""What was chosen by hand."""
UNFITTED = ("beside", "kind only")
"""Features that no wording here means: these screens have names for all their fields."""
_PULL = 0.3  # of a squared difference from that, against one claim's logarithmic loss
_MOST_OTHERS = 400  # widgets of a screen that a query is compared with
OTHER_KINDS = {
    "button": "menu",
    "menu": "button",
    "menu item": "button",
    "tab": "button",
    "checkbox": "button",
}


@dataclass(frozen=True)
class Row:
    """What a widget scores for a query, and whether it is meant."""

    against: tuple[float, ...]
    is_meant: bool


def wordings(widget: Widget, kind: str, dice: random.Random) -> Iterator[str]:
    """Ways to ask for a widget, well and badly."""
    name = widget.name.strip(" :.…") or widget.name
    yield from (f"the {name} {kind}", f"click {name}", f"'{name}'", f"the {name.lower()} {kind}")
    if len(name) > 3:
        place = dice.randrange(1, len(name) - 1)
        yield f"the {name[:place]}{name[place + 1 :]} {kind}"
        yield f"the {name[:place]}{dice.choice('aeinrst')}{name[place + 1 :]} {kind}"
    if len(words := name.split()) > 1:
        yield f"the {words[0]} {kind}"
        yield f"the {' '.join(words[1:])} {kind}"
    if other := OTHER_KINDS.get(kind):
        yield f"the {name} {other}"
    for alias in widget.aliases[:1]:
        yield f"the {alias} {kind}"


def rows(screens: Sequence[ProgramScreen], seed: int) -> Iterator[list[Row]]:
    """For each query what every widget that fits at all would score."""
    dice = random.Random(seed)
    for screen in screens:
        widgets = screen.told.widgets[:_MOST_OTHERS]
        for one in widgets:
            kind = KIND_OF.get(one.role)
            if not (kind and one.name and one.shown):
                continue
            for words in wordings(one, kind, dice):
                query = parse_query(words)
                same = [other for other in widgets if other.name == one.name or _holds(other, one)]
                fits = [(fit, fit.widget in same) for fit in _fits(widgets, query)]
                yield [Row(fit.against, is_meant) for fit, is_meant in fits]
                if dice.random() < 0.5:  # the same where it is not on the screen
                    yield [Row(fit.against, False) for fit, is_meant in fits if not is_meant]


def _fits(widgets: Sequence[Widget], query: ParsedQuery) -> list[Fit]:
    return [fit for widget in widgets if (fit := fit_of(widget, query)) is not None]


def _holds(first: Widget, second: Widget) -> bool:
    """Whether one lies in the other, as a label does in its button."""
    if first.shown is None or second.shown is None:
        return False
    shared = first.shown.shared_with(second.shown)
    return shared in (first.shown, second.shown)


def fit(found: Sequence[Row]) -> Logistic:
    """Fits the weights; none may speak for a widget that it is to speak against."""
    unfitted = [NAME_FEATURES.index(name) for name in UNFITTED]
    found = [row for row in found if not any(row.against[number] for number in unfitted)]
    features, sign = (
        np.array([row.against for row in found]),
        np.where([row.is_meant for row in found], 1, -1),
    )
    chosen = np.array([CHOSEN.offset, *CHOSEN.weights])

    def loss(numbers: np.ndarray) -> float:
        odds = numbers[0] + features @ numbers[1:]
        return float(np.logaddexp(0, -sign * odds).sum() + _PULL * ((numbers - chosen) ** 2).sum())

    bounds: list[tuple[float | None, float | None]] = [(None, None)]
    for name, number in zip(NAME_FEATURES, CHOSEN.weights, strict=True):
        bounds.append((number, number) if name in UNFITTED else (None, 0.0))
    numbers = minimize(loss, chosen, method="L-BFGS-B", bounds=bounds).x.round(4).tolist()
    return Logistic(numbers[0], tuple(numbers[1:]))


def judge(asked: Sequence[Sequence[Row]], weights: Logistic) -> dict[str, float]:
    """How right the best name of each query is, and how well its score says so."""
    best = [max(each, key=lambda row: weights(row.against)) for each in asked if each]
    claims = Claims.gather([(weights(row.against), row.is_meant) for row in best])
    sure = [row.is_meant for row in best if weights(row.against) >= 0.6]
    return {
        "queries": len(best),
        "right": round(float(np.mean([row.is_meant for row in best])), 3),
        "sure": len(sure),
        "right of sure": round(float(np.mean(sure)), 3),
        "calibration error": round(calibration_error(reliability(claims)), 3),
    }


def write(weights: Logistic, path: Path = NAME_FILE) -> None:
    """Writes the weights where the package reads them."""
    stored = {"offset": weights.offset, "weights": dict(zip(NAME_FEATURES, weights.weights, strict=True))}
    with atomic_file(path, durable=True) as partial:
        partial.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Fits how names are weighed.")
    parser.add_argument("--screens", type=Path, default=FOLDER, help="what program_screens has kept")
    parser.add_argument("--write", action="store_true", help="store the weights in the package")
    arguments = parser.parse_args()
    tuning = [each for each in rows(list(load_screens(arguments.screens, tuning=True)), 1) if each]
    others = [each for each in rows(list(load_screens(arguments.screens, tuning=False)), 2) if each]
    weights = fit([row for each in tuning for row in each])
    print(dict(zip(("offset", *NAME_FEATURES), (weights.offset, *weights.weights), strict=True)))
    for name, one in (("chosen", CHOSEN), ("fitted", weights)):
        print(name, json.dumps({"tuned on": judge(tuning, one), "others": judge(others, one)}))
    if arguments.write:
        write(weights)


if __name__ == "__main__":
    main()
