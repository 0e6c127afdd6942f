"""Type checkers know what the verbs return, and no public signature says Any."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import molmo_act

ROOT = Path(__file__).parents[1]


def mypy(*files: str) -> str:
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", *files]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500).stdout


@pytest.mark.slow  # mypy reads torch once
def test_verbs_have_the_types_that_they_return(tmp_path):
    pytest.importorskip("mypy")
    source = (ROOT / "tests/typed/verbs.py").read_text()
    wrong = tmp_path / "wrong.py"
    wrong.write_text(source.replace("# type: ignore", "# was: ignore").replace("list[int])", "int)"))
    assert mypy("tests/typed/verbs.py").startswith("Success"), mypy("tests/typed/verbs.py")
    found = mypy(str(wrong))  # so that the check is known to check
    expected = source.count("# type: ignore") + source.count("list[int])")
    lines = set(re.findall(r"wrong\.py:(\d+): error", found))  # some versions say two things of a line
    assert len(lines) == expected, found


def own_functions(offered: object) -> list[typing.Callable]:
    """A function itself; of a class, those that it defines and offers."""
    if inspect.isfunction(offered):
        return [offered]
    return [
        value.__func__ if isinstance(value, classmethod) else value
        for kind in inspect.getmro(offered)
        if kind.__module__.startswith("molmo_act")
        for name, value in vars(kind).items()
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, classmethod))
    ]


@pytest.mark.parametrize("name", [name for name in molmo_act.__all__ if callable(getattr(molmo_act, name))])
def test_no_public_signature_says_any(name):
    for function in own_functions(getattr(molmo_act, name)):
        for signature in [function, *(typing.get_overloads(function) if sys.version_info >= (3, 11) else ())]:
            said = {str(note) for note in signature.__annotations__.values()}
            assert not [note for note in said if "Any" in note], function


@pytest.mark.parametrize("name", ["PointingModel", "Points", "StreamingTracker", "Tracks", "load"])
def test_functions_are_found(name):
    assert own_functions(getattr(molmo_act, name))
