"""load() takes checkpoints and exported models, and says what fits which."""

from __future__ import annotations

import builtins

import pytest

import molmo_act
from molmo_act import CheckpointError, InputError, PlatformError
from tests.support.embedded import write_export
from tests.support.tiny_checkpoint import TINY, tiny_model, tiny_processor


@pytest.fixture
def folder(tmp_path):
    return write_export(tiny_model(), tiny_processor(), tmp_path / "export")


def test_checkpoints_load_as_before():
    assert isinstance(molmo_act.load(TINY, device="cpu"), molmo_act.PointingModel)


@pytest.mark.parametrize(
    "options",
    [
        {"device": "cuda"},
        {"dtype": "fp16"},
        {"quantization": "nf4"},
        {"revision": "main"},
        {"max_drift_px": 0},
    ],
    ids=str,
)
def test_options_of_checkpoints_are_refused_for_exported_models(folder, options):
    [name] = options
    with pytest.raises(
        InputError, match=rf"{name}=.* with an exported model, whose.*\. Leave {name} out, or (give|export)"
    ):
        molmo_act.load(folder, **options)


@pytest.mark.parametrize("given", [None, "nano", TINY], ids=str)
def test_providers_are_refused_for_checkpoints(given):
    with pytest.raises(
        InputError, match="which is no exported model; expected a folder that 'molmo-act export"
    ):
        molmo_act.load(given, providers=["CPUExecutionProvider"])


def test_an_exported_model_is_recognised_by_its_settings(folder):
    (folder / "molmo_act_onnx.json").write_text('{"format": 7}')
    with pytest.raises(CheckpointError, match="is of format 7"):
        molmo_act.load(folder)


def test_without_torch_a_checkpoint_says_what_works_instead(monkeypatch):
    real = builtins.__import__

    def without_torch(name, *rest, **named):
        if name == "molmo_act.pointing.load":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_torch)
    with pytest.raises(PlatformError, match=r"needs the package 'torch'.*Without it, exported models run"):
        molmo_act.load(TINY)
