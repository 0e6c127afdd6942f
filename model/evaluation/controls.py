"""Fits and measures the finder of controls beside their label: `python -m model.evaluation.controls`.

Composed pages of the split "train" and forms of half of the template packages tune; composed pages of the
split "eval", whose kinds, words and fonts are others, and forms of the other packages are reported. A label
is found in what was read. With ``--write`` the weights go into the library,
`molmo_act/reading/control_weights.json`; those of `model.evaluation.reading` are then to be fitted again.

    python -m model.data.web.render --split train --seed 5 --count 160 --out .cache/forms
    python -m model.data.web.render --split eval --seed 6 --count 120 --out .cache/forms_eval
    python -m model.data.web.real_pages --forms --size 1280 2000 --limit 130 --out .cache/form_pages
    python -m model.evaluation.controls --write
"""

from __future__ import annotations

import json
import platform
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from tqdm import tqdm

from model._cli import command, make_parser
from model.data.screens.elements import Box, Element, ScreenContent
from model.data.web.real_pages import load_page
from model.evaluation.reading import fit_logistic, template_of, tuning_templates
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file
from molmo_act.reading.controls import CONTROL_FILE, LEAST_SURE, LEAST_SURE_UNSAID
from molmo_act.reading.matching import TextIndex
from molmo_act.reading.outlines import (
    FIELD,
    GROUPS,
    OUTLINE_FEATURES,
    SLIDER,
    TICK,
    UNSAID,
    Outline,
    outlines,
)
from molmo_act.reading.rapidocr_reader import RapidOcrReader
from molmo_act.reading.scoring import Logistic
from molmo_act.reading.text import ReadText, overlap

GROUP_OF_ROLE = {
    **{"field": FIELD, "dropdown": FIELD, "search": FIELD},
    **{"checkbox": TICK, "radio": TICK, "toggle": TICK},
    "slider": SLIDER,
}
"""Roles of elements that stand beside their label."""
_LEAST_ALIKE = 0.8
_LEAST_SIDE = 6  # pixels of a control that is drawn
_PADDING = 3  # pixels that the padding left and right of a button's words may differ
_WIDEST = 2.6  # heights of its label that what is to be ticked is wide
_OTHERS = 6  # labels of other elements on a page, to which no control belongs
_SAME = 0.5  # share of the union of two boxes


@dataclass(frozen=True)
class Labelled:
    """A label that was read, and the control that belongs to it.

    Attributes:
        role: Of the element.
        name: What is written.
        label: Where it was read, pixels.
        control: Where the control is; None where none belongs to the label.
    """

    role: str
    name: str
    label: Box
    control: Box | None

    @property
    def group(self) -> str:
        """How its control is weighed."""
        return GROUP_OF_ROLE.get(self.role, UNSAID)

    def hit(self, x: float, y: float) -> bool:
        """Tells whether a place is on the control."""
        return self.control is not None and _inside(self.control, x, y)

    def agrees(self, outline: Outline) -> bool | None:
        """Whether an outline is the control; None for a part of it, which is neither right nor wrong."""
        if not self.hit(*outline.middle) or self.control is None:
            return False
        if self.group in (TICK, SLIDER):  # their boxes are estimates
            return True
        shared = overlap(self.control, outline.box)
        same = shared >= _SAME * (_size(self.control) + _size(outline.box) - shared)
        return same or None


@dataclass(frozen=True, eq=False)
class FormPage:
    """A page with what was read in it.

    Attributes:
        path: Its JSON file.
        image: uint8 (H, W, 3), RGB.
        shown: What the page shows.
        text: What the reader read.
    """

    path: Path
    image: np.ndarray
    shown: ScreenContent
    text: ReadText

    @cached_property
    def labelled(self) -> list[Labelled]:
        """Its controls whose label was read, and some other labels."""
        index = TextIndex(self.text)
        controls = [element for element in self.shown.elements if element.role in GROUP_OF_ROLE]
        others = [element for element in self.shown.elements if element.role in ("heading", "link", "button")]
        found = []
        for element in [*controls, *others[:: max(len(others) // _OTHERS, 1)][:_OTHERS]]:
            where = [match.box for match in index.find(element.label) if match.similarity >= _LEAST_ALIKE]
            if not where:
                continue
            label = min(where, key=lambda box: _apart(box, element.box))
            control = self.control_of(element) if element.role in GROUP_OF_ROLE else None
            if element.role not in GROUP_OF_ROLE or control is not None:
                found.append(Labelled(element.role, element.label, label, control))
        return found

    def control_of(self, element: Element) -> Box | None:
        """Where the control itself is: what is to be ticked, without its label, which can be pressed as well.

        None where that is not known, as where a style draws the box outside of the element.
        """
        if GROUP_OF_ROLE[element.role] != TICK:
            return element.box
        x0, y0, x1, y1 = element.box
        named = [box for text, box in self.shown.texts if _inside(element.box, *_middle(box))]
        if not named:
            return element.box
        before, behind = min(box[0] for box in named) - x0, x1 - max(box[2] for box in named)
        if abs(before - behind) < _PADDING:  # it looks like a button
            return element.box
        most = _WIDEST * max(box[3] - box[1] for box in named)
        if before >= _LEAST_SIDE:
            return x0, y0, x0 + min(before, most), y1
        if behind >= _LEAST_SIDE and len(named) == 1:  # more lines leave space
            return x1 - min(behind, most), y0, x1, y1
        return None


def read_forms(folder: Path, kept: Path) -> Iterator[FormPage]:
    """Reads pages, or takes what an earlier run kept.

    Args:
        folder: What `model.data.web.real_pages` or `model.data.web.render` filled.
        kept: Folder for what was read, a JSON file a page.

    Yields:
        The pages that have a control.

    Raises:
        InputError: There are none, or a page is damaged.
    """
    kept.mkdir(parents=True, exist_ok=True)
    reader: RapidOcrReader | None = None
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise InputError(
            f"No pages in {folder}; the head of model/evaluation/controls.py says how to render them."
        )
    for path in tqdm(paths, desc=folder.name, unit="page"):
        image, shown = load_page(path)
        if not any(element.role in GROUP_OF_ROLE for element in shown.elements):
            continue
        file = kept / f"{path.parent.name}-{path.name}"
        if not file.exists():
            reader = reader or RapidOcrReader()
            with atomic_file(file) as partial:
                partial.write_text(reader.read(image).to_json(), encoding="utf-8")
        yield FormPage(path, image, shown, ReadText.from_dict(json.loads(file.read_text(encoding="utf-8"))))


def proposals(pages: Iterable[FormPage], group: str) -> Iterator[tuple[FormPage, Labelled, list[Outline]]]:
    """Finds outlines around labels of one group; "unsaid" takes the labels of fields and of no control."""
    for page in pages:
        for labelled in page.labelled:
            if labelled.group == group or (group == UNSAID and labelled.group == FIELD):
                yield page, labelled, outlines(page.image, labelled.label, page.text, group)


def fit_controls(pages: Sequence[FormPage]) -> dict[str, Logistic]:
    """Fits the weights of each group of controls."""
    return {
        group: fit_logistic(
            [
                (list(outline.features), agrees)
                for _, labelled, found in proposals(pages, group)
                for outline in found
                if (agrees := labelled.agrees(outline)) is not None
            ]
        )
        for group in GROUPS
    }


def write_controls(weights: dict[str, Logistic]) -> None:
    """Writes weights where the library reads them."""
    stored = {
        group: {
            "offset": weights[group].offset,
            "weights": dict(zip(OUTLINE_FEATURES, weights[group].weights, strict=True)),
        }
        for group in GROUPS
    }
    with atomic_file(CONTROL_FILE, durable=True) as partial:
        partial.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Outcome:
    """What the finder says of one label.

    Attributes:
        probability: Of its likeliest outline, 0 without any.
        hit: Whether the middle of that outline is on the control.
        at_label: Whether the middle of the label is.
    """

    probability: float
    hit: bool
    at_label: bool


def outcomes(pages: Sequence[FormPage], group: str, weights: Logistic) -> dict[str, list[Outcome]]:
    """Outcomes by role."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for _, labelled, proposed in proposals(pages, group):
        best = max(proposed, key=lambda outline: weights(outline.features), default=None)
        found[labelled.role].append(
            Outcome(
                weights(best.features) if best else 0.0,
                best is not None and labelled.hit(*best.middle),
                labelled.hit(*_middle(labelled.label)),
            )
        )
    return found


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    cache = Path(".cache")
    parser.add_argument("--forms", type=Path, default=cache / "forms", help="composed pages to tune on")
    parser.add_argument("--others", type=Path, default=cache / "forms_eval", help="composed pages to report")
    parser.add_argument("--pages", type=Path, default=cache / "form_pages", help="forms of template packages")
    parser.add_argument("--kept", type=Path, default=cache / "read_forms", help="what was read, between runs")
    parser.add_argument("--write", action="store_true", help="store the fitted weights in the library")
    args = parser.parse_args()
    real = list(read_forms(args.pages, args.kept))
    composed = list(read_forms(args.forms, args.kept))
    tuned = [page for page in real if template_of(page.path) in tuning_templates()]
    weights = fit_controls([*composed, *tuned])
    if args.write:
        write_controls(weights)
    others = [page for page in real if page not in tuned]
    report(
        {
            "composed, tuned on": composed,
            "forms of templates, tuned on": tuned,
            "composed, others": list(read_forms(args.others, args.kept)),
            "forms of templates, others": others,
        },
        weights,
    )


def report(sets: dict[str, list[FormPage]], weights: dict[str, Logistic]) -> None:
    """Prints a table and one JSON object."""
    print("| pages | role | labels | at the label | nearest outline | sure | right of these |")
    print("|---|---|---|---|---|---|---|")
    table = []
    for name, pages in sets.items():
        for group in GROUPS:
            least = LEAST_SURE_UNSAID if group == UNSAID else LEAST_SURE
            for role, found in sorted(outcomes(pages, group, weights[group]).items()):
                sure = [each for each in found if each.probability >= least]
                row = {
                    "pages": name,
                    "role": f"{role}, kind not said" if group == UNSAID else role,
                    "labels": len(found),
                    "at the label": _share(each.at_label for each in found),
                    "likeliest outline": _share(each.hit for each in found),
                    "sure": _share(each.probability >= least for each in found),
                    "right of these": _share(each.hit for each in sure),
                }
                table.append(row)
                print(
                    "| "
                    + " | ".join(f"{v:.2f}" if isinstance(v, float) else str(v) for v in row.values())
                    + " |"
                )
    print(json.dumps({"machine": platform.machine(), "table": table}))


def _share(outcomes: Iterable[bool]) -> float:
    each = list(outcomes)
    return round(float(np.mean(each)), 4) if each else float("nan")


def _inside(box: Box, x: float, y: float) -> bool:
    return box[0] <= x < box[2] and box[1] <= y < box[3]


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _apart(first: Box, second: Box) -> float:
    across = max(second[0] - first[2], first[0] - second[2], 0.0)
    down = max(second[1] - first[3], first[1] - second[3], 0.0)
    return across + down


def _size(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


if __name__ == "__main__":
    sys.exit(main())
