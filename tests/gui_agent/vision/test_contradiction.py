"""Labels that contradict words, and what only seems to."""

from __future__ import annotations

import pytest

from gui_agent.vision.accessibility_grounder import AccessibilityGrounder
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.contradiction import contradiction_of
from gui_agent.vision.grounder import Match, points_of
from gui_agent.vision.text_grounder import TextGrounder
from molmo_act.reading.guarded import GuardedReader
from tests.support.told_screen import ToldReader, ToldScreen, shot, widget

SAVE, OPEN = widget("push button", "Save", 20, 20, 60, 20), widget("push button", "Open", 120, 20, 60, 20)
QUIT = widget("push button", "Exit", 220, 20, 60, 20)
ICON = widget("push button", "go-home", 20, 60, 30, 30, description="Home Folder")
FIELD, LIST = widget("text", "", 100, 100, 200, 24), widget("combo box", "English", 100, 150, 200, 24)
PAGES = [widget("page tab", f"Page {n}", 20 + 60 * n, 250, 60, 20) for n in (1, 2)]
WIDGETS = [*PAGES, SAVE, OPEN, QUIT, ICON, FIELD, LIST]
LINES = {
    "Save": (30, 22, 40, 14),
    "Open": (130, 22, 40, 14),
    "Exit": (230, 22, 40, 14),
    "Page 1": (86, 252, 48, 14),
    "Page 2": (146, 252, 48, 14),
    "Zoë": (104, 104, 30, 14),
    "Name": (20, 104, 40, 14),
    "English": (104, 154, 60, 14),
    "Language": (20, 154, 60, 14),
}
AT = {"Save": (50, 30), "Open": (150, 30), "Exit": (250, 30)}
AT |= {"Page 1": (110, 260)}
AT |= {"icon": (35, 75), "field": (110, 110), "list": (120, 160)}
SEEN, TOLD = "text", "accessibility"
REFUSED = [  # the words, where the point is, what is found there, and by whom
    ("the Save button", "Open", "Open", {SEEN, TOLD}),
    ("click 'Save'", "Open", "Open", {SEEN, TOLD}),
    ('"Print"', "Open", "Open", {SEEN, TOLD}),  # quoted: not on the screen at all
    ("die Schaltfläche Save", "Exit", "Exit", {SEEN, TOLD}),
    ("the Save button", "icon", "go-home", {TOLD}),
    ("click Save", "Open", "Open", {SEEN, TOLD}),
    ("the Page 2 tab", "Page 1", "Page 1", {SEEN, TOLD}),  # alike, and the very one is there, too
    ("the Name field", "Open", "Open", set()),  # one tells that Name is on the screen, one what is there
]
RIGHT = [  # right clicks, or such as nobody can tell
    ("the Save button", "Save"),
    ("the save button", "Save"),
    ("the Save as button", "Save"),  # cut off, or said with more words
    ("'Save'", "Save"),
    ("the Quit button", "Exit"),  # a synonym
    ("save the document", "Open"),  # names no label
    ("the button that saves", "Open"),
    ("the first button", "Open"),
    ("the Page 3 tab", "Page 1"),  # not on the screen, so that it may be a mistake
    ("click Page", "Page 1"),
    ("the home folder button", "icon"),  # its tooltip
    ("the house icon", "icon"),
    ("the Name field", "field"),  # its content is no label
    ("the Language list", "list"),
    ("the text field", "field"),
]


def contradiction(query: str, place: str, *sources: str):
    text = TextGrounder(GuardedReader(ToldReader(LINES))) if SEEN in sources else None
    told = AccessibilityGrounder(ToldScreen(*WIDGETS)) if TOLD in sources else None
    screen, xy = shot(), AT[place]
    match = Match(query, xy, xy, 0.9, points_of([xy], [0.9], screen, query), screen)
    return contradiction_of(match, CombinedGrounder(told, text, None))


@pytest.mark.parametrize(("query", "place", "label", "sources"), REFUSED)
def test_another_label_is_found(query: str, place: str, label: str, sources: set[str]) -> None:
    for source in (SEEN, TOLD):
        found = contradiction(query, place, source)
        assert (found is not None) == (source in sources)
        assert found is None or (found.found, found.source) == (label, source)
    assert contradiction(query, place, SEEN, TOLD).found == label


@pytest.mark.parametrize(("query", "place"), RIGHT)
@pytest.mark.parametrize("sources", [(SEEN,), (TOLD,), (SEEN, TOLD), ()])
def test_what_is_right_is_not_refused(query: str, place: str, sources: tuple[str, ...]) -> None:
    assert contradiction(query, place, *sources) is None


def test_a_reader_that_is_unsure_contradicts_nothing() -> None:
    reader = ToldReader(LINES, confidence=0.6)
    screen, xy = shot(), AT["Open"]
    match = Match("the Save button", xy, xy, 0.9, points_of([xy], [0.9], screen, "it"), screen)
    assert contradiction_of(match, CombinedGrounder(None, TextGrounder(GuardedReader(reader)), None)) is None


def test_a_reader_that_does_not_know_the_script_contradicts_nothing() -> None:
    """It takes Cyrillic letters for Latin ones that look alike, and is sure of them."""
    save = widget("push button", "Сохранить", 20, 20, 60, 20)
    reader = ToldReader({"Coxpaнитb": (30, 22, 40, 14), "Exit": (230, 22, 40, 14)})
    reader.scripts = frozenset({"LATIN"})
    text, told = TextGrounder(GuardedReader(reader)), AccessibilityGrounder(ToldScreen(save))
    match = Match("'Сохранить'", (50, 30), (50, 30), 0.9, points_of([(50, 30)], [0.9], shot(), "it"), shot())
    for made in (CombinedGrounder(None, text, None), CombinedGrounder(told, text, None)):
        assert contradiction_of(match, made) is None
    [found] = CombinedGrounder(told, text, None).ground(shot(), "'Сохранить'").all
    assert (found.point, found.score > 0.9) == ((50, 30), True)
