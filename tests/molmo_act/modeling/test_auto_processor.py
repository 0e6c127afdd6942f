"""What ``AutoProcessor`` gives, in another process: registration changes global state of transformers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from molmo_act.modeling.processing import MolmoPointProcessor

ROOT = Path(__file__).parents[3]
TINY = ROOT / "tests" / "data" / "molmo_point_tiny"

# transformers' own class needs torchvision, so here it only tells that it was asked, and how.
PROBE = """
import json, sys
from transformers import AutoProcessor
from transformers.models.molmo2.processing_molmo2 import Molmo2Processor
from molmo_act.modeling.auto_processor import register_processor

Molmo2Processor.from_pretrained = classmethod(lambda cls, source, **options: (cls.__name__, options))
register_processor()
register_processor()  # twice is as good as once
for folder in sys.argv[1:]:
    got = AutoProcessor.from_pretrained(folder, trust_remote_code=True, padding_side="left")
    if isinstance(got, tuple):
        print(got[0], got[1]["padding_side"], got[1]["trust_remote_code"])
    else:
        print(type(got).__module__, type(got).__name__)
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """For each kind of folder: who answered AutoProcessor."""
    ours, molmo2, unsaid = (tmp_path_factory.mktemp(name) for name in ("ours", "molmo2", "unsaid"))
    MolmoPointProcessor.from_pretrained(TINY).save_pretrained(ours)
    (ours / "config.json").write_text((TINY / "config.json").read_text())
    for folder in (molmo2, unsaid):
        for path in TINY.glob("*token*.json"):
            (folder / path.name).write_text(path.read_text())
        for path in TINY.glob("*processor_config.json"):
            (folder / path.name).write_text(path.read_text())
    (molmo2 / "config.json").write_text(json.dumps({"model_type": "molmo2"}))
    folders = {"released": TINY, "ours": ours, "molmo2": molmo2, "unsaid": unsaid}
    command = [sys.executable, "-c", PROBE, *map(str, folders.values())]
    got = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert got.returncode == 0, got.stderr
    return dict(zip(folders, got.stdout.splitlines(), strict=True))


def test_released_files_give_our_processor_without_remote_code(answers):
    # They name the class Molmo2Processor and an auto_map to python files.
    assert answers["released"] == "molmo_act.modeling.processing MolmoPointProcessor"


def test_files_we_wrote_give_our_processor(answers):
    assert answers["ours"] == "molmo_act.modeling.processing MolmoPointProcessor"


@pytest.mark.parametrize("folder", ["molmo2", "unsaid"])
def test_molmo2_stays_with_transformers(answers, folder):
    assert answers[folder] == "Molmo2Processor left True"
