"""Which parts of the screen tell of an action."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gui_agent.actions.attribution import Attribution
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from tests.support.fake_desktop import fake_context

MINE = WindowInfo(1, "Mine", Area(0, 0, 64, 64), None, frame=1, client=1)
OTHER = WindowInfo(2, "Other", Area(160, 160, 64, 64), None, frame=2, client=2)
POPUP = WindowInfo(3, "", Area(240, 0, 32, 32), None, frame=3, client=3, is_popup=True)


def counted(change=lambda shown: None, windows=(MINE,)) -> set[str]:
    """Whose places count after the change."""
    context = fake_context()
    context.backend.shown = [MINE, OTHER]
    attribution = Attribution(context.backend, windows)
    change(context.backend.shown)
    blocks = attribution.counted(context.screen.take())
    places = {"mine": (1, 1), "other": (12, 12), "popup": (1, 16), "desktop": (14, 1), "moved": (8, 18)}
    return {name for name, place in places.items() if blocks[place]}


CHANGES = {
    "nothing": (lambda shown: None, {"mine"}),
    "a window opens": (lambda shown: shown.append(POPUP), {"mine", "popup"}),
    "a window closes": (lambda shown: shown.remove(OTHER), {"mine", "other"}),
    "a window moves": (
        lambda shown: shown.__setitem__(1, replace(OTHER, area=Area(280, 128, 32, 32))),
        {"mine", "other", "moved"},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_places_that_count(name) -> None:
    change, places = CHANGES[name]
    assert counted(change) == places


def test_where_windows_are_not_known_everything_counts() -> None:
    everything = {"mine", "other", "popup", "desktop", "moved"}
    assert counted(windows=()) == counted(windows=(None,)) == counted(windows=(MINE, None)) == everything


def test_windows_of_the_same_program_count() -> None:
    context = fake_context()
    context.backend.shown = [MINE, replace(OTHER, client=1)]
    blocks = Attribution(context.backend, [MINE]).counted(context.screen.take())
    assert blocks[12, 12]
    assert np.count_nonzero(blocks) == 32
