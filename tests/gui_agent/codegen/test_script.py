"""Acts become lines that `gui-agent run` understands; what is missing says so before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from gui_agent.accessibility.widget import Widget
from gui_agent.codegen.acts import Act
from gui_agent.codegen.script import line_of, script_of
from gui_agent.codegen.words import Look
from gui_agent.vision.regions import Window
from tests.support.fake_desktop import fake_context

HERE, THERE = (100, 100), (300, 200)
SHOT = fake_context().screen.take()
FILES = Look(SHOT, HERE, Window("Files"))
BARE = Look(SHOT, THERE)
LINES = [
    (
        Act("click", HERE, 0),
        [FILES],
        ["the OK button"],
        "desktop.window('Files').locator('the OK button').click()",
    ),
    (
        Act("click", HERE, 0, button="right", count=2, held=("ctrl",)),
        [BARE],
        ["it"],
        "desktop.locator('it').click(button='right', count=2, modifiers=['ctrl'])",
    ),
    (
        Act("drag", HERE, 0, THERE, "middle"),
        [FILES, BARE],
        ["a", "b"],
        "desktop.window('Files').locator('a').drag_to(desktop.locator('b'), button='middle')",
    ),
    (Act("scroll", HERE, 0, notches=(3, 0)), [BARE], ["a"], "desktop.locator('a').scroll(3)"),
    (Act("scroll", HERE, 0, notches=(0, -1)), [BARE], ["a"], "desktop.locator('a').scroll(0, -1)"),
    (Act("type", HERE, 0, text="it's"), [], [], 'desktop.type("it\'s")'),
    (Act("press", HERE, 0, text="ctrl+s"), [], [], "desktop.press('ctrl+s')"),
    (
        Act("click", HERE, 0),
        [Look(SHOT, HERE, Window(wm_class="Tk"))],
        ["a"],
        "desktop.window(wm_class='Tk').locator('a').click()",
    ),
]


@pytest.mark.parametrize(("act", "looks", "words", "line"), LINES)
def test_lines(act, looks, words, line) -> None:
    assert line_of(act, looks, words) == line


def test_secrets_are_asked_for_when_the_script_runs() -> None:
    line = line_of(Act("type", HERE, 0, text="hunter2"), [], [], is_secret=True)
    assert "hunter2" not in line
    script = script_of([line])
    assert "import getpass\n" in script
    compile(script, "script", "exec")


def test_only_what_is_missing_is_unfinished() -> None:
    assert "SystemExit" not in script_of(["desktop.type('TODO: milk')", "desktop.type('# TODO: milk')"])
    for act in (Act("drag", HERE, 0, THERE, held=("ctrl",)), Act("scroll", HERE, 0, held=("ctrl",))):
        line = line_of(act, [FILES, BARE][: 1 + (act.kind == "drag")], ["a", "b"][: 1 + (act.kind == "drag")])
        assert line.startswith("# TODO: ctrl was held meanwhile")
        assert "raise SystemExit" in script_of([line])


def test_what_has_no_words_says_where_it_was(tmp_path: Path, gui_agent_command, display, capsys) -> None:
    look = Look(SHOT, HERE, Window("Files"), widget=Widget("push button", "Speichern"))
    line = line_of(Act("drag", HERE, 0, THERE), [look, BARE], [None, None])
    assert line.splitlines() == [
        "# TODO: the model finds no words for what was there at (100, 100) in the window titled 'Files', "
        "a push button 'Speichern'; write some",
        "# TODO: the model finds no words for what was there at (300, 200); write some",
        "desktop.window('Files').locator('TODO').drag_to(desktop.locator('TODO'))",
    ]
    assert "a key without a name" in line_of(Act("press", HERE, 0), [], [])
    (tmp_path / "script.py").write_text(script_of(["desktop.press('ctrl+s')", line]))
    assert gui_agent_command("run", tmp_path / "script.py") == 1
    assert "gui-agent: words are missing in 1 of the steps; see TODO below" in capsys.readouterr().err
