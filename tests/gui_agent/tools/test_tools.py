"""The tools of a desktop, called by name."""

from __future__ import annotations

import pytest

from gui_agent import Desktop
from tests.gui_agent.tools.refused_calls import REFUSED

pytest.importorskip("mcp", reason="needs the extra agents")

from gui_agent.tools.tools import Tools

pytestmark = pytest.mark.display

RED = "#e01020"


@pytest.mark.parametrize(("name", "arguments", "error", "message"), REFUSED)
def test_what_is_not_done_is_an_answer_with_the_screen(
    open_pads, tools, name, arguments, error, message
) -> None:
    open_pads(f"toggle:One={RED}", f"toggle:Two={RED}")
    answer = tools.call(name, arguments)
    assert answer.is_error
    assert answer.facts["error"] == error
    assert message in answer.facts["message"]
    assert answer.image.size == (1280, 800)


BAD_CALLS = [
    ("dance", {}, "There is no tool 'dance'"),
    ("click", {}, "target: Missing required argument"),
    ("find", [1], "The arguments of 'find' are [1]; give them by name"),
    ("find", None, "The arguments of 'find' are None"),
    ("click", {"target": RED, "count": 9}, "count: Input should be less than or equal to 3"),
    ("click", {"target": RED, "force": True}, "force: Unexpected keyword argument"),
    ("type", {"text": ""}, "text: String should have at least 1 character"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), BAD_CALLS)
def test_calls_that_do_not_fit(tools, name, arguments, message) -> None:
    answer = tools.call(name, arguments)
    assert answer.is_error
    assert message in answer.facts["message"]
    assert tools.desktop.model.looks == 0


def test_a_fault_of_the_program_is_not_taken_for_a_bad_call(display) -> None:
    class Faulty:
        def point(self, image, query):
            raise TypeError("a fault of the model")

    with pytest.raises(TypeError, match="a fault of the model"):
        Tools(Desktop(Faulty())).call("find", {"target": RED})
