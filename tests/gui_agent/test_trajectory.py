"""Records of runs on real windows, replayed on windows that stand elsewhere; and scripts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

import molmo_act
from gui_agent import Ambiguous, Area, Desktop, Monitor, Timeout, Window
from gui_agent.cli import main
from gui_agent.drawing import MARK
from gui_agent.script import read_script
from gui_agent.steps import Step, do_step, locator_from, plain_locator
from gui_agent.trajectory import read_steps
from molmo_act.errors import InputError

from .conftest import BlobFinder

RED, GREEN, WHITE = "#e01020", "#10a040", "#ffffff"


@pytest.fixture
def desk(display: str, tmp_path: Path) -> Desktop:
    return Desktop(BlobFinder(), timeout=0.8, verify_seconds=0.1, record=tmp_path / "run")


@pytest.fixture
def gui_agent_command(monkeypatch):
    """Runs the command with a finder of colours for its model, and gives the exit code."""
    monkeypatch.setattr(molmo_act, "load", lambda name_or_path: BlobFinder())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    return lambda *words: main([str(word) for word in words])


def lines_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]


@pytest.mark.display
def test_each_step_is_a_line_a_picture_and_a_part_of_the_page(open_pads, desk, tmp_path) -> None:
    open_pads(f"toggle:Go={RED}", f"toggle:A={GREEN}", f"toggle:B={GREEN}", "--title", "<Pads>")
    inside = desk.window("<pads>")
    result = desk.locator(RED, region=inside).click(modifiers=["shift"], timeout=3)
    with pytest.raises(Ambiguous):
        desk.locator(GREEN).click()
    with pytest.raises(Timeout):
        desk.expect("#fefe01").to_appear(timeout=0)
    desk.locator(GREEN).nth(1).hover()
    lines = lines_of(tmp_path / "run")
    assert [line["action"] for line in lines] == ["click", "click", "expect", "hover"]
    click = lines[0]
    assert click["targets"] == [{"query": RED, "region": {"window": "<pads>"}}]
    assert click["arguments"] == {"button": "left", "count": 1, "modifiers": ["shift"], "timeout": 3}
    assert click["chosen"] == [{"point": list(result.point), "score": 0.9}]
    assert click["candidates"] == [click["chosen"]]
    assert click["effect"] == result.effect == "changed"
    assert click["model_seconds"] + click["act_seconds"] + click["verify_seconds"] <= click["seconds"]
    assert lines[1]["error"] == "Ambiguous"
    assert len(lines[1]["candidates"][0]) == 2
    assert lines[2]["error"] == "Timeout"
    for line in lines:
        with Image.open(tmp_path / "run" / line["picture"]) as picture:
            assert (MARK in {colour for _, colour in picture.getcolors(1 << 24)}) == (
                "chosen" in line and bool(line["chosen"])
            )
    page = (tmp_path / "run" / "index.html").read_text()
    assert page.count("<section>") == 4
    assert "&lt;pads&gt;" in page
    assert "<pads>" not in page
    assert [step.action for step in read_steps(tmp_path / "run")] == ["click", "hover"]


@pytest.mark.display
def test_a_run_replayed_where_everything_stands_elsewhere(
    open_window, desk, tmp_path, gui_agent_command, capsys
) -> None:
    options = ("--button", f"Save={RED}", "--field", "Name")
    first = open_window(*options, "--geometry", "300x200+60+60")
    desk.locator(WHITE).first.fill("Ünal < 3")
    desk.press("x")
    desk.locator(RED).click()
    assert first.next_event(5) is not None
    first.close()
    second = open_window(*options, "--geometry", "300x200+800+500")
    assert gui_agent_command("replay", tmp_path / "run", "--record", tmp_path / "again") == 0
    assert second.final_text("Ünal < 3x") == "Ünal < 3x"
    assert second.next_event() == {"event": "press", "name": "Save"}
    assert [line["action"] for line in lines_of(tmp_path / "again")] == ["fill", "press", "click"]
    assert capsys.readouterr().out.startswith("1. fill at (")


@pytest.mark.display
def test_secrets_are_in_no_record(open_window, desk, tmp_path, gui_agent_command, capsys) -> None:
    form = open_window("--field", "Password")
    desk.locator(WHITE).first.fill("hunter2", secret=True)
    assert form.final_text("hunter2") == "hunter2"
    desk.screenshot()
    for file in (tmp_path / "run").iterdir():
        assert b"hunter2" not in file.read_bytes()
    assert lines_of(tmp_path / "run")[0]["arguments"] == {"text": "•••", "secret": True}
    assert gui_agent_command("replay", tmp_path / "run") == 2
    assert "types a secret ('fill'), which no record holds" in capsys.readouterr().err
    [step] = read_steps(tmp_path / "run")
    do_step(desk, step, lambda purpose: "other")
    assert form.final_text("other") == "other"


@pytest.mark.display
def test_a_folder_holds_one_record(desk, tmp_path) -> None:
    with pytest.raises(InputError, match="holds the record of another run"):
        Desktop(BlobFinder(), record=tmp_path / "run")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Cannot write a record"):
        Desktop(BlobFinder(), record=tmp_path / "file" / "run")


@pytest.mark.display
def test_scripts_run(open_window, tmp_path, gui_agent_command, capsys) -> None:
    form = open_window("--button", f"Save={RED}", "--field", "Name")
    script = tmp_path / "script.yaml"
    script.write_text(
        f"- fill: {{target: {{query: '{WHITE}', index: 0}}, text: Ünal}}\n"
        "- press: backspace\n"
        f"- expect: '{RED}'\n"
        f"- click: '{RED}'\n"
        f"- expect_gone: {{target: '#fefe01', timeout: 1}}\n"
    )
    assert gui_agent_command("run", script) == 0
    assert form.final_text("Üna") == "Üna"
    assert form.next_event() == {"event": "press", "name": "Save"}
    program = tmp_path / "script.py"
    program.write_text(f"print(desk.locator({RED!r}).click().action)\n")
    assert gui_agent_command("run", program) == 0
    assert form.next_event() == {"event": "press", "name": "Save"}
    assert capsys.readouterr().out.endswith("click\n")
    assert gui_agent_command("run", program, "--dry-run") == 0
    script.write_text("- click: '#fefe01'\n- press: x\n")
    assert gui_agent_command("run", script, "--timeout", "0") == 1
    assert "Nothing on the screen matches" in capsys.readouterr().err
    assert form.next_event(0.3) is None


@pytest.mark.display
def test_scrolling_over_something_comes_back_from_a_record(open_pads, desk, tmp_path) -> None:
    pads = open_pads("--list", RED, f"dead:Below={GREEN}")
    left, top, width, height = pads.boxes["list"]
    rows = desk.locator(WHITE, region=Area(left - 2, top - 2, width + 4, height + 4)).first
    desk.scroll_until(RED, over=rows)
    [step] = read_steps(tmp_path / "run")
    assert [target["query"] for target in step.targets] == [RED, WHITE]
    desk.locator(GREEN).hover()
    rows.scroll(-100)
    assert desk.locator(RED).all() == []
    assert do_step(desk, step).query == RED


BAD_SCRIPTS = [
    ("- click: [", "is no YAML"),  # broken off
    ("click: it", "is no list of steps"),  # one mapping
    ("", "is no list of steps"),  # nothing
    ("- click: it\n  press: x", "Step 1 is {'click': 'it', 'press': 'x'}; expected one action"),
    ("- click: it\n- dance: it", "Step 2 is 'dance'; expected one of click, hover"),
    ("- scroll_until: {over: it}", "Step 1, 'scroll_until', is told {'over': 'it'}, which does not name"),
    ("- drag: it", "Step 1, 'drag', is told {'target': 'it'}, which does not name its target"),
]


@pytest.mark.parametrize(("text", "message"), BAD_SCRIPTS)
def test_bad_scripts_are_one_error(tmp_path, text, message) -> None:
    (tmp_path / "script.yaml").write_text(text)
    with pytest.raises(InputError) as raised:
        read_script(tmp_path / "script.yaml")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.yaml", "cannot be read"),
        ("missing.py", "There is no script"),
        ("script.txt", "of no known kind"),
    ],
)
def test_scripts_that_are_none(tmp_path, gui_agent_command, capsys, name, message) -> None:
    assert gui_agent_command("run", tmp_path / name) == 2
    assert message in capsys.readouterr().err


def test_without_a_display_the_command_says_so(tmp_path, gui_agent_command, monkeypatch, capsys) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "script.yaml").write_text("- click: it")
    assert gui_agent_command("run", tmp_path / "script.yaml") == 2
    assert "There is no display: DISPLAY is not set" in capsys.readouterr().err


def test_typed_line_separators_do_not_break_a_record(tmp_path) -> None:
    line = {"action": "type", "targets": [], "arguments": {"text": "one\u2028two\u0085three"}}
    (tmp_path / "steps.jsonl").write_text(json.dumps(line, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_steps(tmp_path) == [Step("type", [], line["arguments"])]
    (tmp_path / "steps.jsonl").write_text("")  # of a run that did nothing
    assert read_steps(tmp_path) == []


def test_damaged_records_are_one_error(tmp_path) -> None:
    with pytest.raises(InputError, match=r"no readable steps\.jsonl"):
        read_steps(tmp_path)
    (tmp_path / "steps.jsonl").write_text('{"action": "press", "targets": [], "arguments": {}}\n{"act')
    with pytest.raises(InputError, match=r"Line 2 of .* is no step"):
        read_steps(tmp_path)


BAD_STEPS = [
    (Step("dance"), "There is no action 'dance'"),
    (Step("click"), "'click' has 0 targets; expected 1"),
    (Step("click", ["it"], {"force": 1}), "The step 'click' was told ['force']"),
    (Step("click", [{"words": "it"}]), "is no target"),
    (Step("click", [{"query": "it", "region": "here"}]), "'here' is no region"),
    (Step("click", [{"query": "it", "index": "2"}]), "index is '2'; expected a whole number"),
    (Step("click", ["it"], {"timeout": "soon"}), "timeout is 'soon'; expected a number"),
    (Step("click", ["it"], {"modifiers": "ctrl"}), "modifiers is one string, 'ctrl'"),
    (Step("scroll", [], {"down": "far"}), "down is 'far'; expected a whole number"),
    (Step("scroll_until", ["it"], {"most": 2.5}), "most is 2.5; expected a whole number"),
    (Step("click", ["it"], {1: 2, "force": 1}), "The step 'click' was told [1, 'force']"),
]


@pytest.mark.display
@pytest.mark.parametrize(("step", "message"), BAD_STEPS)
def test_steps_that_make_no_sense(display, step, message) -> None:
    with pytest.raises(InputError) as raised:
        do_step(Desktop(BlobFinder()), step)
    assert message in str(raised.value)


@pytest.mark.display
def test_locators_come_back_from_a_record(display) -> None:
    desk = Desktop(BlobFinder())
    for locator in (
        desk.locator("a"),
        desk.locator("a", region=Area(1, 2, 3, 4)).nth(2),
        desk.locator("a", region=Window("w")).near(desk.locator("b", region=Monitor(1))),
    ):
        assert locator_from(desk, json.loads(json.dumps(plain_locator(locator)))) == locator
