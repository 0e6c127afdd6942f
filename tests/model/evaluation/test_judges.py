"""Judges: a rule, and programs that are asked at stdin."""

from __future__ import annotations

import sys

import pytest

from model.evaluation.judges import ProgramJudge, WordJudge, open_judge
from model.evaluation.official.captions import read_verdicts, split_statements
from molmo_act.errors import InputError, PlatformError


def test_the_rule():
    judge = open_judge(None)
    assert isinstance(judge, WordJudge)
    assert [text for text, _ in split_statements(judge.split("A dog runs. It barks!\nRain"))] == [
        *("A dog runs", "It barks!", "Rain")
    ]
    lines = judge.verdicts(["a brown dog runs", "two cats sleep", "the"], "The brown dog runs fast.")
    assert read_verdicts(lines) == [True, False, False]


def test_a_program(tmp_path):
    script = tmp_path / "judge.py"
    script.write_text(
        "import sys\n"
        "prompt = sys.stdin.read()\n"
        "print('1. Stated\\n\\n2. Not Stated' if 'Statements:' in prompt else '1. A dog | Object')\n"
    )
    judge = open_judge(f"{sys.executable} {script}")
    assert judge.split("A dog.") == "1. A dog | Object\n"
    assert judge.verdicts(["a", "b"], "c") == ["1. Stated", "2. Not Stated"]


@pytest.mark.parametrize("command", ["", "   ", "'open"])
def test_what_is_no_command_line_is_refused(command):
    with pytest.raises(InputError, match="--judge"):
        open_judge(command)


def test_a_program_that_fails_ends_the_run_and_is_no_wrong_answer(tmp_path):
    with pytest.raises(PlatformError, match="could not be asked"):
        ProgramJudge("/nowhere/judge").split("a")
    script = tmp_path / "judge.py"
    script.write_text("import sys\nprint('no key', file=sys.stderr)\nsys.exit(3)\n")
    with pytest.raises(PlatformError, match="status 3: no key"):
        ProgramJudge(f"{sys.executable} {script}").split("a")
