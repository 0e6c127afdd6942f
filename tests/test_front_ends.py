"""Whatever asks a model can be told all of `ModelOptions`: commands, nodes, the desktop and the examples."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from PIL import Image

import molmo_act
from molmo_act import ModelOptions
from molmo_act.cli.main import main as molmo_act_main
from molmo_act.outputs.points import Points

KNOBS = {field.name for field in fields(ModelOptions)}
NUMBER_IS_THE_ANSWER = {"exactly"}  # of what has to find out itself how many there are
TRACKED = {"exactly", "reader"}  # a tracker follows what the model finds, and does not read
ONLY_TIMED = {"exactly", "min_score", "prompt", "reader"}  # where the engine of torch is timed

EXAMPLES = Path(__file__).parents[1] / "examples"
PROGRAMS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "molmo-act point": (("point",), set()),
    "molmo-act count": (("count",), NUMBER_IS_THE_ANSWER),
    "molmo-act track": (("track",), TRACKED),
    "molmo-act bench": (("bench",), ONLY_TIMED),
    "molmo-act click": (("click",), set()),
    "molmo-act watch": (("watch",), set()),
    "gui-agent run": (("run",), set()),
    "gui-agent replay": (("replay",), set()),
    "gui-agent mcp": (("mcp",), set()),
}
"""Program: its words, and the knobs that have no meaning there."""
OWN_MODEL = {
    "desktop_benchmark.py",  # times nano, by that name, and finders of colours
    "molmoweb_planner.py",  # plans with another model, and asks one that it has made
    "tiny_molmo.py",  # asks the checkpoint that it has made
    "tiny_molmo_point.py",  # does so, too
}


def offered(help_text: str, checkpoint: str = "--model") -> set[str]:
    """Knobs that a help text has an option for."""
    given = set(re.findall(r"(?<![\w-])--[a-z-]+", help_text))
    options = {knob: f"--{knob.replace('_', '-')}" for knob in KNOBS} | {
        "checkpoint": checkpoint,
        "providers": "--provider",  # one at a time
    }
    return {knob for knob, option in options.items() if option in given}


def help_of(main: Callable[[list[str]], object], words: list[str], capsys) -> str:
    with contextlib.suppress(SystemExit):
        main([*words, "--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_command_has_every_knob(name, capsys):
    words, meaningless = PROGRAMS[name]
    main: Callable[[list[str]], object] = molmo_act_main
    if name.startswith("gui-agent"):
        from gui_agent.cli.main import main
    assert offered(help_of(main, list(words), capsys)) == KNOBS - meaningless


def test_the_bag_tool_has_every_knob(capsys):
    pytest.importorskip("rosbags", reason="needs the extra bags")
    from molmo_act_ros.bag import main

    assert offered(help_of(lambda words: main(["molmo-act-bag", *words]), [], capsys)) == KNOBS


@pytest.mark.parametrize(
    ("setup", "options", "meaningless"),
    [("PointSetup", "PointParameters", set()), ("TrackSetup", "TrackParameters", TRACKED)],
)
def test_a_node_has_every_knob_with_a_description(setup, options, meaningless):
    pytest.importorskip("rclpy", reason="needs the extra ros")
    from molmo_act_ros import parameters

    known = [one for name in (setup, options) for one in fields(getattr(parameters, name))]
    names = {"checkpoint" if one.name == "model" else one.name for one in known}
    assert names >= KNOBS - meaningless
    assert not names & meaningless


@pytest.mark.parametrize(
    ("name", "checkpoint"), [("click_button", "--model"), ("desktop_agent", "--checkpoint")]
)
def test_an_example_has_every_knob(name, checkpoint, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", [name, "--help"])
    with pytest.raises(SystemExit):
        importlib.import_module(f"examples.{name}").main()
    assert offered(capsys.readouterr().out, checkpoint) == KNOBS


def test_no_other_example_builds_a_model():
    building = {
        p.name for p in EXAMPLES.glob("*.py") if re.search(r"Desktop\(|act\.load\(", p.read_text("utf-8"))
    }
    assert building - OWN_MODEL == {"click_button.py", "desktop_agent.py"}


def test_a_desktop_takes_every_knob(monkeypatch):
    from gui_agent import Desktop, Safety
    from tests.support.fake_desktop import FakeBackend

    told: dict[str, object] = {}

    class Model:
        def point(self, image, query, **options):
            told.update(options)
            return Points(xy=[], score=[], image_size=[image.size], query=query)

    def load(checkpoint=None, **options):
        told.update(options, checkpoint=checkpoint)
        return Model()

    monkeypatch.setattr(molmo_act, "load", load)
    how = {"max_crops": 3, "exactly": 2, "min_score": 0.4, "prompt": "gui"}
    options = ModelOptions("m", "cpu", "fp32", "int8", providers=["P"], reader="rapidocr", **how)
    desktop = Desktop(options, backend=FakeBackend())
    assert not told, "it is loaded at first use"
    desktop.model.point(Image.new("RGB", (8, 8)), "it")
    text = desktop.context.grounder.text  # the desktop reads, not the model
    read_by = None if text is None else "rapidocr"
    told |= {"min_score": desktop.min_score, "reader": read_by}
    assert told == {name: getattr(options, name) for name in KNOBS}
    strict = Desktop(options, backend=FakeBackend(), safety=Safety(min_score=0.9))
    assert strict.min_score == 0.9, "a rule goes before an option"
