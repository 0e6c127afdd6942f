"""How often the widget that is asked for is found: by a model, by text, by programs, and by all of them.

    python -m tests.gui_agent.program_screens
    OMP_NUM_THREADS=1 python -m tests.gui_agent.widget_hits [--tuning] [--figure PNG] [--misses SOURCE]

Asks for every button, box, menu, tab, field and list of the kept screens of programs nobody here wrote,
in words of people; signs are named in words (`widget_queries`). The programs that are tuned on have
screens of their own. A hit lies in the box that the program itself gives. What is found by programs is
not independent of that: it says how well words are understood, and `desktop_tasks` whether the places are
right. Also asks for what no program here has. Times are CPU time of this process and of the one that
reads. Prints tables and, at last, one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import molmo_act
from gui_agent.vision.accessibility_grounder import AccessibilityGrounder
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.grounder import Match
from gui_agent.vision.model_grounder import ModelGrounder
from gui_agent.vision.text_grounder import TextGrounder
from model.evaluation.calibration import Claims, calibration_error, reliability
from model.evaluation.coverage import coverage_curve, draw_coverage
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.rapidocr_reader import RapidOcrReader
from tests.gui_agent.program_screens import FOLDER, ProgramScreen, StoredScreen, load_screens
from tests.gui_agent.widget_queries import ABSENT, Asked, queries

SOURCES = ("model", "text", "pixels", "accessibility", "all")
"""Each source by itself, both that need pixels only, and all together."""
ACTED_ON = 0.6
"""The least score of a calibrated match that a desktop acts on."""


@dataclass(frozen=True)
class Outcome:
    """What a source answered to one query.

    Attributes:
        screen: Name of the screen.
        asked: The query.
        found: The best place; None where nothing was found.
    """

    screen: str
    asked: Asked
    found: Match | None

    @property
    def hit(self) -> bool:
        """Whether the place is on what was asked for."""
        return self.found is not None and self.asked.is_hit(
            self.found.point[0] + 0.5, self.found.point[1] + 0.5
        )

    @property
    def sure(self) -> bool:
        """Whether a desktop would act on it."""
        return self.found is not None and self.found.score >= ACTED_ON


class Grounders:
    """The grounders of a screen by source; what read one screen reads the next.

    Args:
        model: The model.
        refine: Whether likely places are looked at twice.
    """

    def __init__(self, model: molmo_act.PointingModel, *, refine: bool = False) -> None:
        self.text = TextGrounder(GuardedReader(RapidOcrReader()))
        self.pixels = ModelGrounder(model, refine=refine)

    def of(self, screen: ProgramScreen) -> dict[str, CombinedGrounder]:
        """Gives a grounder for each of `SOURCES`."""
        told = AccessibilityGrounder(StoredScreen(screen))  # type: ignore[arg-type]
        return {
            "model": CombinedGrounder(None, None, self.pixels),
            "text": CombinedGrounder(None, self.text, None),
            "pixels": CombinedGrounder(None, self.text, self.pixels),
            "accessibility": CombinedGrounder(told, None, None),
            "all": CombinedGrounder(told, self.text, self.pixels),
        }


def ask(
    screens: Sequence[ProgramScreen], grounders: Grounders, sources: Sequence[str]
) -> tuple[dict[str, list[Outcome]], dict[str, Counter[str]]]:
    """Asks every source about every screen; also gives the CPU time of first queries and of others."""
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    spent: dict[str, Counter[str]] = defaultdict(Counter)
    for screen in screens:
        made = grounders.of(screen)
        asked = [*queries(screen), *(Asked(words, words, "absent", None) for words in ABSENT)]
        for source in sources:
            for number, one in enumerate(asked):
                began = _worked()
                found = made[source].ground(screen.shot, one.query, screen.windows).all
                which = "first" if number == 0 else "more"
                spent[source][which] += _worked() - began
                spent[source][f"number of {which}"] += 1
                best = max(found, key=lambda match: match.score, default=None)
                outcomes[source].append(Outcome(screen.name, one, best))
    return outcomes, spent


def _worked() -> float:
    times = os.times()
    return times.user + times.system


def report(outcomes: dict[str, list[Outcome]], spent: dict[str, Counter[str]]) -> dict[str, object]:
    """Prints the tables, and gives what they hold."""
    there = {name: [one for one in each if one.asked.box] for name, each in outcomes.items()}
    kinds = Counter(one.asked.kind for one in next(iter(there.values())))
    print("| kind | of them | " + " | ".join(there) + " |\n|---|---|" + "---|" * len(there))
    table: dict[str, dict[str, float]] = {}
    for kind, count in [*kinds.most_common(), ("all", sum(kinds.values()))]:
        row = {
            name: sum(one.hit for one in each if kind in (one.asked.kind, "all")) / count
            for name, each in there.items()
        }
        table[kind] = {name: round(share, 3) for name, share in row.items()} | {"of them": count}
        print(f"| {kind} | {count} | " + " | ".join(f"{share:.2f}" for share in row.values()) + " |")
    print(
        "\n| source | acted on | wrong of these | absent acted on | calibration error | CPU ms first | more |"
    )
    print("|---|---|---|---|---|---|---|")
    acts: dict[str, dict[str, float]] = {}
    for name, each in outcomes.items():
        here, absent = there[name], [one for one in each if not one.asked.box]
        acted, took = [one for one in here if one.sure], spent[name]
        claims = _claims(here)
        acts[name] = {
            "acted on": len(acted),
            "of": len(here),
            "wrong": sum(not one.hit for one in acted),
            "absent acted on": sum(one.sure for one in absent),
            "of absent": len(absent),
            "ece": round(calibration_error(reliability(claims)), 3) if len(claims.true) else 0.0,
            "first": round(1000 * took["first"] / max(took["number of first"], 1)),
            "more": round(1000 * took["more"] / max(took["number of more"], 1)),
        }
        row = acts[name]
        print(
            f"| {name} | {row['acted on']} of {row['of']} | {row['wrong']} | {row['absent acted on']} of "
            f"{row['of absent']} | {row['ece']} | {row['first']} | {row['more']} |"
        )
    return {"hits": table, "acts": acts}


def _claims(outcomes: Sequence[Outcome]) -> Claims:
    return Claims.gather([(one.found.score, one.hit) for one in outcomes if one.found is not None])


def print_misses(outcomes: Sequence[Outcome]) -> None:
    """Prints what was missed, with what was found in its place."""
    for one in outcomes:
        if one.hit or (one.asked.box is None and not one.sure):
            continue
        found = one.found
        what = (
            "nothing"
            if found is None
            else f"{found.point} {found.score:.2f} {list(map(str, found.evidence))}"
        )
        print(f"{one.screen}: {one.asked.query!r} {one.asked.kind} {one.asked.box} got {what}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Hit rate by what is asked.")
    parser.add_argument("--model", help="checkpoint folder or name; the bundled one by default")
    parser.add_argument("--screens", type=Path, default=FOLDER, help="what program_screens has kept")
    parser.add_argument("--tuning", action="store_true", help="the programs that are tuned on")
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=SOURCES)
    parser.add_argument("--refine", action="store_true", help="look at likely places twice")
    parser.add_argument("--figure", type=Path, help="PNG file for curves of accuracy against coverage")
    parser.add_argument("--misses", action="store_true", help="list what was missed; with --tuning only")
    arguments = parser.parse_args()
    if arguments.misses and not arguments.tuning:
        parser.error("--misses shows single widgets, and only those of --tuning may be looked at")
    screens = list(load_screens(arguments.screens, tuning=arguments.tuning))
    grounders = Grounders(molmo_act.load(arguments.model), refine=arguments.refine)
    outcomes, spent = ask(screens, grounders, arguments.sources)
    told = report(outcomes, spent)
    if arguments.misses:
        for name, each in outcomes.items():
            print(f"\n{name}:")
            print_misses(each)
    if arguments.figure is not None:
        there = {name: [one for one in each if one.asked.box] for name, each in outcomes.items()}
        curves = {name: coverage_curve(_claims(each), len(each)) for name, each in there.items()}
        number = len(next(iter(there.values())))
        title = f"{number} widgets on {len(screens)} screens of programs, not tuned on"
        draw_coverage(curves, arguments.figure, title)
    machine = {"machine": platform.machine(), "cores": len(os.sched_getaffinity(0))}
    print(json.dumps({**machine, "screens": len(screens), **told}))


if __name__ == "__main__":
    main()
