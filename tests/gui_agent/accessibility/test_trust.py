"""Trees that lie, each in its own way, and those that do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gui_agent.accessibility.trust import window_of
from gui_agent.accessibility.widget import Widget, WidgetTree
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo

CONTENT, OUTLINE = Area(101, 122, 300, 200), Area(100, 100, 302, 223)
WINDOW = WindowInfo(7, "Notes", CONTENT, 42, outline=OUTLINE)


def tree(frame: Area | None = OUTLINE, *boxes: Area | None, content: Area = CONTENT, **more) -> WidgetTree:
    names = [Widget("push button", f"B{n}", box, shown=box) for n, box in enumerate(boxes)]
    panel = Widget("panel", "", content, shown=content)
    return WidgetTree(Widget("frame", "Notes", frame), (panel, *names), more.get("pid", 42))


INSIDE, OUTSIDE = Area(120, 150, 40, 20), Area(900, 50, 40, 20)
TRUE = [
    tree(OUTLINE, INSIDE),
    tree(CONTENT, INSIDE),  # GTK 4 and Qt leave out the frame of the window manager
    tree(Area(127, 140, 248, 150), INSIDE, content=INSIDE),  # a program that draws its own shadow
    tree(OUTLINE, INSIDE, INSIDE, OUTSIDE),  # one of three is scrolled away
    tree(OUTLINE, INSIDE, pid=3),  # a sandbox numbers processes anew; the title is the same
    tree(OUTLINE, INSIDE, pid=None),
]


@pytest.mark.parametrize("told", TRUE)
def test_a_true_tree_finds_its_window(told: WidgetTree) -> None:
    assert window_of(told, [replace(WINDOW, id=1, area=Area(0, 0, 9, 9), outline=None), WINDOW]) is WINDOW


LIES = [
    (tree(None, INSIDE), "says of no place"),
    (tree(OUTLINE), "is empty"),
    (tree(Area(300, 300, 302, 223), INSIDE), "says 302×223 at"),  # stale: it has been moved
    (tree(Area(50, 50, 151, 111), INSIDE), "says 151×111 at"),  # half the scale
    (tree(OUTLINE, OUTSIDE, OUTSIDE), "places 2 of 2 widgets outside"),
    (tree(OUTLINE, None, None, INSIDE), "places 2 of 3 widgets outside"),  # no size
    (tree(OUTLINE, INSIDE, content=Area(101, 144, 300, 200)), "has its content at"),  # by a title bar
    (replace(tree(OUTLINE, INSIDE, pid=3), window=Widget("frame", "Other", OUTLINE)), "is of no window"),
]


@pytest.mark.parametrize(("told", "why"), LIES)
def test_a_tree_that_lies_is_not_used(told: WidgetTree, why: str) -> None:
    found = window_of(told, [WINDOW])
    assert isinstance(found, str)
    assert why in found


def test_a_window_that_is_not_shown() -> None:
    assert window_of(tree(OUTLINE, INSIDE), []) == "is of no window that is shown"
