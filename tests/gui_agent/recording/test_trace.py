"""Records of runs on real windows, replayed on windows that stand elsewhere; and scripts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gui_agent import ActionBlockedError, Ambiguous, Area, Desktop, TimeoutError, TypingError
from gui_agent.recording.step import ActionStep
from gui_agent.recording.trace import Trace, read_steps
from gui_agent.replay import do_step
from gui_agent.vision.annotate import MARK
from molmo_act.errors import InputError
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import FakeBackend, fake_context

RED, GREEN, WHITE = "#e01020", "#10a040", "#ffffff"


@pytest.fixture
def desktop(display: str, tmp_path: Path) -> Desktop:
    return Desktop(BlobFinder(), timeout=5.0, verify_seconds=0.1, record=tmp_path / "run")


def lines_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]


@pytest.mark.display
def test_each_step_is_a_line_an_image_and_a_part_of_the_page(open_pads, desktop, tmp_path) -> None:
    open_pads(f"toggle:Go={RED}", f"toggle:A={GREEN}", f"toggle:B={GREEN}", "--title", "<Pads>")
    inside = desktop.window("<pads>")
    result = desktop.locator(RED, region=inside).click(modifiers=["shift"], timeout=3)
    with pytest.raises(Ambiguous):
        desktop.locator(GREEN).click()
    with pytest.raises(TimeoutError):
        desktop.expect("#fefe01").to_be_visible(timeout=0)
    desktop.locator(GREEN).nth(1).hover()
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
    assert lines[2]["error"] == "TimeoutError"
    for line in lines:
        with Image.open(tmp_path / "run" / line["image"]) as image:
            assert (MARK in {colour for _, colour in image.getcolors(1 << 24)}) == (
                "chosen" in line and bool(line["chosen"])
            )
    assert [line.get("image_after") for line in lines] == ["0001_after.png", None, None, "0004_after.png"]
    with Image.open(tmp_path / "run" / "0001_after.png") as image:
        assert np.array_equal(np.asarray(image), result.after.pixels)
    page = (tmp_path / "run" / "index.html").read_text()
    assert page.count("<section>") == 4
    assert "&lt;pads&gt;" in page
    assert "<pads>" not in page
    assert [step.action for step in read_steps(tmp_path / "run")] == ["click", "hover"]


@pytest.mark.display
def test_a_run_replayed_where_everything_stands_elsewhere(
    open_window, desktop, tmp_path, gui_agent_command, capsys
) -> None:
    options = ("--button", f"Save={RED}", "--field", "Name")
    first = open_window(*options, "--geometry", "300x200+60+60")
    desktop.locator(WHITE).first.fill("Ünal < 3")
    desktop.press("x")
    desktop.locator(RED).click()
    assert first.next_event(5) is not None
    first.close()
    second = open_window(*options, "--geometry", "300x200+800+500")
    assert gui_agent_command("replay", tmp_path / "run", "--record", tmp_path / "again") == 0
    assert second.final_text("Ünal < 3x") == "Ünal < 3x"
    assert second.next_event() == {"event": "press", "name": "Save"}
    assert [line["action"] for line in lines_of(tmp_path / "again")] == ["fill", "press", "click"]
    assert capsys.readouterr().out.startswith("1. fill at (")


@pytest.mark.display
def test_secrets_are_in_no_record(open_window, desktop, tmp_path, gui_agent_command, capsys) -> None:
    form = open_window("--field", "Password")
    desktop.locator(WHITE).first.fill("hunter2", secret=True)
    assert form.final_text("hunter2") == "hunter2"
    desktop.screenshot()
    for file in (tmp_path / "run").iterdir():
        assert b"hunter2" not in file.read_bytes()
    assert lines_of(tmp_path / "run")[0]["arguments"] == {"text": "•••", "secret": True}
    assert gui_agent_command("replay", tmp_path / "run") == 2
    assert "types a secret ('fill'), which no record holds" in capsys.readouterr().err
    [step] = read_steps(tmp_path / "run")
    do_step(desktop, step, lambda purpose: "other")
    assert form.final_text("other") == "other"


@pytest.mark.display
def test_a_folder_holds_one_record(desktop, tmp_path) -> None:
    with pytest.raises(InputError, match="holds the record of another run"):
        Desktop(BlobFinder(), record=tmp_path / "run")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="Cannot write a record"):
        Desktop(BlobFinder(), record=tmp_path / "file" / "run")


@pytest.mark.display
def test_scrolling_over_something_comes_back_from_a_record(open_pads, desktop, tmp_path) -> None:
    pads = open_pads("--list", RED, f"dead:Below={GREEN}")
    left, top, width, height = pads.boxes["list"]
    rows = desktop.locator(WHITE, region=Area(left - 2, top - 2, width + 4, height + 4)).first
    desktop.scroll_until(RED, over=rows)
    [step] = read_steps(tmp_path / "run")
    assert [target["query"] for target in step.targets] == [RED, WHITE]
    desktop.locator(GREEN).hover()
    rows.scroll(-100)
    assert desktop.locator(RED).all() == []
    assert do_step(desktop, step).query == RED


def test_typed_line_separators_do_not_break_a_record(tmp_path) -> None:
    line = {"action": "type", "targets": [], "arguments": {"text": "one\u2028two\u0085three"}}
    (tmp_path / "steps.jsonl").write_text(json.dumps(line, ensure_ascii=False) + "\n", encoding="utf-8")
    assert read_steps(tmp_path) == [ActionStep("type", [], line["arguments"])]
    (tmp_path / "steps.jsonl").write_text("")  # of a run that did nothing
    assert read_steps(tmp_path) == []


def test_damaged_records_are_one_error(tmp_path) -> None:
    with pytest.raises(InputError, match=r"no readable steps\.jsonl"):
        read_steps(tmp_path)
    for damaged in ("[" * 100_000, '{"action": ["click"], "targets": [], "arguments": {}}', "[1]"):
        (tmp_path / "steps.jsonl").write_text(damaged)
        with pytest.raises(InputError, match=r"Line 1 of .* is no step"):
            read_steps(tmp_path)
    (tmp_path / "steps.jsonl").write_text('{"action": "press", "targets": [], "arguments": {}}\n{"act')
    with pytest.raises(InputError, match=r"Line 2 of .* is no step"):
        read_steps(tmp_path)


def test_a_dry_run_is_replayed_as_one_only(tmp_path) -> None:
    """Nothing of it was done, and its script may not have been meant to be done."""
    line = {"action": "click", "targets": [RED], "arguments": {}, "dry_run": True}
    (tmp_path / "steps.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(InputError, match="record of a dry run, in which nothing was done"):
        read_steps(tmp_path)
    assert read_steps(tmp_path, of_dry_run=True) == [ActionStep("click", [RED], {})]


def test_no_error_is_no_failure(tmp_path) -> None:
    line = {"action": "click", "targets": [RED], "arguments": {}, "error": None}
    (tmp_path / "steps.jsonl").write_text(json.dumps(line) + "\n")
    assert read_steps(tmp_path) == [ActionStep("click", [RED], {})]


def test_a_step_that_was_done_partly_is_not_left_out_silently(open_window, tmp_path) -> None:
    form = open_window("--field", "Name")
    desktop = Desktop(BlobFinder(), timeout=1, verify_seconds=0.1, record=tmp_path / "run")
    field = desktop.locator("#ffffff", region=Area(*form.boxes["Name"])).first
    real, strokes = desktop.backend.focused, []

    def focused(likely=None):  # another window takes the keyboard before the fourth character
        strokes.append(likely)
        return None if len(strokes) > 12 else real(likely)

    desktop.backend.focused = focused
    with pytest.raises(TypingError) as raised:
        field.fill("abcdefgh" * 4)
    [*_, told] = raised.value.done
    assert told.endswith("of 32 characters")
    line = json.loads((tmp_path / "run" / "steps.jsonl").read_text())
    assert line["done"] == list(raised.value.done)
    with pytest.raises(InputError, match=r"Step 1 of .*, fill, was done only partly"):
        read_steps(tmp_path / "run")
    assert read_steps(tmp_path / "run", partly_done="skip") == []
    [step] = read_steps(tmp_path / "run", partly_done="repeat")
    assert step.arguments["text"] == "abcdefgh" * 4


def test_a_step_that_ctrl_c_ends_is_recorded(tmp_path) -> None:
    made = recording_desktop(tmp_path)

    def interrupt(text, before_stroke, *, secret=False):
        before_stroke(3)
        raise KeyboardInterrupt

    made.context.backend.type = interrupt
    with pytest.raises(KeyboardInterrupt):
        made.locator(RED).press_sequentially("abcdef")
    line = json.loads((tmp_path / "steps.jsonl").read_text())
    assert (line["error"], line["done"]) == ("KeyboardInterrupt", ["the click", "3 of 6 characters"])


def test_turns_of_the_wheel_before_a_failure_are_told(tmp_path) -> None:
    made = recording_desktop(tmp_path)
    turn, turns = made.context.backend.turn_wheel, []

    def turn_twice(direction, point=None):
        turns.append(direction)
        made.context.screen.paint("#10a040", 20 + 9 * len(turns), 200)
        if len(turns) > 2:
            raise ActionBlockedError("The fail-safe is held.")
        turn(direction, point)

    made.context.backend.turn_wheel = turn_twice
    with pytest.raises(ActionBlockedError) as raised:
        made.scroll_until("#123456", down=1)
    assert raised.value.done == ("2 turns of the wheel by 1",)
    assert "Nothing was done" not in str(raised.value)
    assert json.loads((tmp_path / "steps.jsonl").read_text())["done"] == ["2 turns of the wheel by 1"]


@pytest.mark.parametrize("name", ["index.html", "0001.png", "0017.png"])
def test_foreign_files_are_not_overwritten(tmp_path, name) -> None:
    (tmp_path / name).write_text("a page of mine")
    with pytest.raises(InputError, match=f"{name}.* would be overwritten"):
        Trace(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "a page of mine"


def recording_desktop(folder: Path) -> Desktop:
    """A desktop in memory that shows a red rectangle and records what it does."""
    made = Desktop(BlobFinder(), backend=FakeBackend())
    made.context = fake_context(recorder=Trace(folder), verify_seconds=0.1)
    made.context.screen.paint(RED, 20, 20)
    return made


def test_half_a_character_does_not_end_the_record(tmp_path) -> None:
    made = recording_desktop(tmp_path)
    with made.context.step("type", [], {"text": "\ud83d"}) as finish:
        finish(made.locator(RED).find())
    made.locator(RED).click()
    assert [line["action"] for line in lines_of(tmp_path)] == ["type", "click"]
    assert lines_of(tmp_path)[0]["arguments"] == {"text": "\ud83d"}
    assert read_steps(tmp_path)[0].arguments == {"text": "\ud83d"}
    assert (tmp_path / "index.html").read_text().count("<section>") == 2


def test_a_folder_that_vanishes_is_made_anew(tmp_path) -> None:
    made = recording_desktop(tmp_path / "run")
    made.locator(RED).click()
    shutil.rmtree(tmp_path / "run")
    made.locator(RED).click()
    assert [line["step"] for line in lines_of(tmp_path / "run")] == [1, 2]


def test_what_was_done_does_not_fail_because_it_cannot_be_written_down(tmp_path, caplog) -> None:
    made = recording_desktop(tmp_path / "run")

    def spoil() -> None:
        shutil.rmtree(tmp_path / "run")
        (tmp_path / "run").write_text("a file")

    made.context.backend.on_click = spoil
    assert made.locator(RED).click().action == "click"
    assert "Step 1, 'click', is over, but its record" in caplog.text
    before = list(made.context.backend.log)
    with pytest.raises(InputError, match=r"Cannot write a record to .* Nothing was done"):
        made.locator(RED).click()
    assert made.context.backend.log == before
