"""Which windows a menu or a dialog belongs to, by what the server and the window say."""

from __future__ import annotations

import pytest

from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.safety.ownership import belongs_to, owners_of

PLACE = Area(0, 0, 10, 10)


def window(number: int, **facts) -> WindowInfo:
    return WindowInfo(number, str(number), PLACE, **{"pid": None} | facts)


def popup(**facts) -> WindowInfo:
    return window(99, is_popup=True, **facts)


MAIN, OTHER, STRANGER = window(1, client=7, pid=70), window(2, client=7, pid=70), window(3, client=8, pid=80)
GROUPED = window(4, client=9, group=40)
ALL = [MAIN, OTHER, STRANGER, GROUPED]
OWNERS = {
    "it names its window": (popup(client=7, transient_for=2), None, [OTHER]),
    "it names a window of another program": (popup(client=8, transient_for=1), None, [MAIN]),
    "of the same connection": (popup(client=8), None, [STRANGER]),
    "of one of several windows": (popup(client=7), None, [MAIN, OTHER]),
    "of the focused one of several": (popup(client=7), OTHER, [OTHER]),
    "the focused window is another program's": (popup(client=7), STRANGER, [MAIN, OTHER]),
    "of the same group": (popup(client=77, group=40), None, [GROUPED]),
    "of the same process": (popup(client=77, pid=80), None, [STRANGER]),
    "of nobody": (popup(client=77), None, []),
    "a managed window belongs to no other": (MAIN, OTHER, []),
    "a dialog": (window(5, client=7, transient_for=1), None, [MAIN]),
    "it names itself": (window(1, client=7, transient_for=1), None, []),
    "it names a window that is gone": (popup(client=7, transient_for=1234), OTHER, [OTHER]),
}


@pytest.mark.parametrize("name", OWNERS)
def test_owners(name) -> None:
    one, focused, expected = OWNERS[name]
    assert owners_of(one, ALL, focused) == expected


def test_belonging() -> None:
    dialog = window(5, client=7, transient_for=1)
    menu = popup(client=7, transient_for=5)
    managed = [*ALL, dialog]
    assert belongs_to(MAIN, MAIN, managed)
    assert belongs_to(dialog, MAIN, managed)
    assert belongs_to(menu, MAIN, managed)
    assert not belongs_to(MAIN, dialog, managed)
    assert not belongs_to(popup(client=7), MAIN, managed)  # it may be that of another window
    first, second = window(10, transient_for=11), window(11, transient_for=10)
    assert not belongs_to(first, MAIN, [*ALL, first, second])  # windows that name one another
