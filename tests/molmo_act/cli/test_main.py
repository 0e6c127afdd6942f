"""What a command prints, writes and returns; the model behind it is not judged here."""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

import molmo_act
from molmo_act.cli import main as cli
from molmo_act.errors import CheckpointError, MissingExtraError, PlatformError


@pytest.mark.parametrize(
    "words",
    [
        [],  # nothing
        ["dance"],  # no such command
        ["point"],  # no image
        ["point", "a.png"],  # no query
        ["point", "a.png", "red", "blue"],  # too much
        ["point", "a.png", "red", "--max-crops", "0"],  # too few
        ["point", "a.png", "red", "--max-points", "-1"],  # negative
        ["point", "a.png", "red", "--max-points", "1.5"],  # no whole number
        ["point", "a.png", "red", "--min-score", "1.5"],  # no probability
        ["point", "a.png", "red", "--min-score", "nan"],  # no number
        ["point", "a.png", "red", "--min-score", "much"],  # no number
        ["point", "a.png", "red", "--dtype", "int3"],  # no such precision
    ],
)
def test_wrong_words_are_exit_code_2(words, capsys) -> None:
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error: " in err.splitlines()[-1]


@pytest.mark.parametrize(
    "error",
    [
        CheckpointError("checkpoint nowhere is missing"),  # no checkpoint
        MissingExtraError("bitsandbytes", "quant", "int8"),  # an optional package
        PlatformError("there is no device cuda:7"),  # no device
    ],
)
def test_errors_of_loading_are_one_line_and_exit_code_2(error, picture, monkeypatch, capsys) -> None:
    def load(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(molmo_act, "load", load, raising=False)
    assert cli.main(["point", picture, "red"]) == 2
    assert capsys.readouterr().err == f"molmo-act: error: {error}\n"


def test_a_fault_of_the_program_is_not_taken_for_nothing_found(picture, monkeypatch, capsys) -> None:
    def load(*_: object, **__: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(molmo_act, "load", load, raising=False)
    assert cli.main(["point", picture, "red"]) == 70
    assert "RuntimeError: a fault" in capsys.readouterr().err


def test_a_query_that_does_not_fit_the_terminal_is_printed_escaped(model, picture) -> None:
    code = (
        "import sys, molmo_act; from molmo_act.cli import main as cli\n"
        "from molmo_act.outputs.points import Points\n"
        "class Model:\n"
        "    name = 'none'\n"
        "    def check_query(self, query):\n"
        "        pass\n"
        "    def point(self, image, query, **_):\n"
        "        return Points(xy=[], score=[], image_size=[(60, 40)], query=query)\n"
        "molmo_act.load = lambda *_, **__: Model()\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, "point", picture, "紅"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert b'"\\u7d05"' in done.stdout


def test_who_stops_reading_is_no_fault(picture) -> None:
    code = (
        "import sys, molmo_act; from molmo_act.cli import main as cli\n"
        "from molmo_act.outputs.points import Points\n"
        "class Model:\n"
        "    name = 'seven'\n"
        "    def check_query(self, query):\n"
        "        pass\n"
        "    def point(self, image, query, **_):\n"
        "        sys.stdin.read()\n"
        "        return Points(xy=[], score=[], image_size=[(60, 40)], query=query)\n"
        "molmo_act.load = lambda *_, **__: Model()\n"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "count", picture, "red"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        running.stdout.close()  # before it is allowed to answer
        running.stdin.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


def test_the_version(capsys) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"molmo-act {molmo_act.__version__}\n"
    assert molmo_act.__version__[0].isdigit()


def test_an_interrupt_leaves_no_traceback(picture, monkeypatch, capsys) -> None:
    def load(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(molmo_act, "load", load, raising=False)
    assert cli.main(["point", picture, "red"]) == 130
    assert capsys.readouterr() == ("", "")


def register_wave(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser("wave", help="wave to the query")
    parser.add_argument("query")
    parser.set_defaults(run=lambda arguments: len(arguments.query))


def register_broken(commands: argparse._SubParsersAction) -> None:
    raise ImportError("a part is missing")


def test_other_packages_add_commands(monkeypatch, capsys) -> None:
    loaded = []

    class Entry:
        def __init__(self, name: str, register) -> None:
            self.name, self.register = name, register

        def load(self):
            loaded.append(self.name)
            return self.register

    entries = [Entry("wave", register_wave), Entry("broken", register_broken)]
    asked = []
    monkeypatch.setattr(cli, "entry_points", lambda group: asked.append(group) or entries)
    assert cli.main(["wave", "abc"]) == 3  # its own exit code
    assert asked == ["molmo_act.commands"]
    assert cli.main(["--help"]) == 0  # one broken package takes no other command away
    assert "wave to the query" in capsys.readouterr().out
    assert cli.main(["broken"]) == 70  # it shows when it is asked for
    assert "a part is missing" in capsys.readouterr().err
    loaded.clear()
    assert cli.main(["point"]) == 2
    assert loaded == []  # what is not meant is not imported


def test_the_entry_point_is_read_as_packages_declare_it() -> None:
    entry = EntryPoint("click", "gui_agent.cli.click:register", cli.COMMAND_GROUP)
    commands = argparse.ArgumentParser().add_subparsers()
    cli._add_foreign(commands, entry, wanted=True)
    assert "click" in commands.choices


def test_python_dash_m_runs_it() -> None:
    done = subprocess.run([sys.executable, "-m", "molmo_act"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: molmo-act")
