"""What tells runs apart: weights, prompts, data."""

from __future__ import annotations

import shutil

import molmo_act
from model.evaluation.asking import Asker
from model.evaluation.benchmark import Case
from model.evaluation.identity import (
    SAMPLE_BYTES,
    asked,
    checkpoint_digest,
    header,
    machine_of,
    model_identity,
)
from model.evaluation.run_files import IDENTITY
from molmo_act import ModelOptions
from molmo_act.pointing.load import NANO
from tests.model.evaluation.harness import Doubling


def test_a_changed_weight_or_setting_is_another_checkpoint(tmp_path):
    folder = tmp_path / "nano"
    shutil.copytree(NANO, folder)
    before = checkpoint_digest(folder)
    assert before == checkpoint_digest(NANO)
    weights = next(folder.glob("*.safetensors"))
    content = bytearray(weights.read_bytes())
    step = max(SAMPLE_BYTES, len(content) // 64)
    content[30 * step + 5] ^= 1
    weights.write_bytes(content)
    changed = checkpoint_digest(folder)
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")
    assert len({before, changed, checkpoint_digest(folder)}) == 3


def test_the_header_says_what_was_measured(tmp_path):
    options = ModelOptions(prompt="gui", exactly=1)
    nano = molmo_act.load("nano", device="cpu")
    model = model_identity(nano, options)
    assert (model["name"], model["dtype"]) == ("nano", "float32")
    cases = [Case(0, {"n": 1}, "1")]
    asker = Asker(nano, options)
    about = header(Doubling(), asker, model, machine_of(nano), cases, tmp_path, 1)
    assert set(IDENTITY) <= set(about)
    assert about["asked"] == asked(Doubling(), asker)
    assert about["asked"]["prompt"] == "gui"

    class Judged(Doubling):
        judged = True
        asks = "masks"

    assert asked(Judged(), asker)["judge"] == "words"
    assert asked(Judged(), asker)["propagator"] == "sam2"
    assert about["rows"] == 1
