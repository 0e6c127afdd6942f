"""Commands name a missing package of the extra in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from model._missing import _PACKAGES
from molmo_act._install import install_command

HIDE = """
import sys
from importlib.machinery import PathFinder
class Hiding:
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {packages} else PathFinder.find_spec(name, path, target)
    def __getattr__(self, name):
        return getattr(PathFinder, name)
sys.meta_path[sys.meta_path.index(PathFinder)] = Hiding()
"""


def run_without(packages: set[str], folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m` where packages cannot be found."""
    (folder / "sitecustomize.py").write_text(HIDE.format(packages=packages))
    paths = [str(folder), *sys.path]
    return subprocess.run(
        [sys.executable, "-m", *command],
        env={"PATH": "", "PYTHONPATH": ":".join(path for path in paths if path)},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.slow
def test_help_of_training_needs_none(tmp_path: Path) -> None:
    without = {"cv2", "platformdirs", "rich", "scipy", "tensorboard"}
    answer = run_without(without, tmp_path, "model.train", "--help")
    assert answer.returncode == 0, answer.stderr
    assert "usage: python -m model.train" in answer.stdout


@pytest.mark.slow
def test_a_command_names_what_it_lacks(tmp_path: Path) -> None:
    answer = run_without({"cv2"}, tmp_path, "model.data.preview", "shapes", "--out", str(tmp_path))
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert line.startswith("error: drawing and measuring images needs the package 'opencv-python-headless'")
    assert line.endswith(install_command("train"))


@pytest.mark.slow
def test_other_missing_modules_are_faults_of_the_program(tmp_path: Path) -> None:
    answer = run_without({"tqdm"}, tmp_path, "model.evaluation.ocr_baseline", "--help")
    assert answer.returncode == 1
    assert "Traceback" in answer.stderr


HELP = """
import importlib, pathlib, re, sys
for path in sorted(pathlib.Path("model").rglob("*.py")):
    text = path.read_text(encoding="utf-8")
    if path.name == "blender_script.py" or 'if __name__ == "__main__"' not in text:
        continue
    name = ".".join(path.with_suffix("").parts)
    sys.argv = [name, "--help"]
    try:
        code = importlib.import_module(name).main()
    except SystemExit as exit:
        code = exit.code
    except BaseException as error:
        code = repr(error)
    print(name, code, file=sys.stderr)
"""


@pytest.mark.slow
def test_help_of_every_command_needs_none(tmp_path: Path) -> None:
    """Written by all of them in one process in which nothing of the extra can be imported."""
    (tmp_path / "all_help.py").write_text(HELP)
    without = {*_PACKAGES, "av", "bitsandbytes", "matplotlib", "wandb"}
    answer = run_without(without, tmp_path, "all_help")
    answers = [line.split(maxsplit=1) for line in answer.stderr.splitlines() if line.startswith("model.")]
    assert len(answers) > 25
    assert [(name, said) for name, said in answers if said not in ("0", "None")] == []
    assert answer.stdout.count("usage: ") == len(answers)
