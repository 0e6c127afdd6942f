"""Properties of a real window, asked for at once."""

from __future__ import annotations

import pytest

from gui_agent.input.x11 import connection as x11_connection
from gui_agent.input.x11.properties import Batch, text, value

pytestmark = pytest.mark.display


def test_answers_of_one_batch(open_pads, desktop) -> None:
    from Xlib.error import XError

    open_pads("dead:Go=#e01020", "--title", "Ünit")
    [window] = desktop.backend.windows()
    display = x11_connection.of(desktop.backend._pyautogui)
    ask = Batch(display)
    name, missing = ask.property(window.id, "_NET_WM_NAME"), ask.property(window.id, "_NO_SUCH_PROPERTY")
    shape, corner = ask.geometry(window.id), ask.corner(window.id)
    attributes, tree = ask.attributes(window.id), ask.tree(window.id)
    gone = ask.geometry(1)
    assert text(display, name) == "Ünit"
    assert (value(missing), text(display, missing)) == (None, "")
    for answer in (shape, corner, attributes, tree):
        answer.reply()
    assert (corner.x, corner.y, shape.width, shape.height) == (
        *(window.area.left, window.area.top, window.area.width, window.area.height),
    )
    assert attributes.map_state
    assert tree.parent.id != 0
    with pytest.raises(XError):
        gone.reply()
