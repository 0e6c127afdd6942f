"""load: which checkpoint, in which precision, on which device, and what cannot be loaded."""

from __future__ import annotations

import json
import re
import shutil
from importlib.util import find_spec

import numpy as np
import pytest
import torch

import molmo_act
from molmo_act import CheckpointError, InputError, MolmoActError, PlatformError
from molmo_act.pointing.load import AUTO_DEVICES, DTYPES, _device
from molmo_act.quantization.drift import answer_probes, measure_drift
from tests.support.synthetic import synthetic_image
from tests.support.tiny_checkpoint import TINY


@pytest.fixture
def checkpoint(tmp_path):
    shutil.copytree(TINY, tmp_path / "copy", ignore=shutil.ignore_patterns("case_*", "*.md", "logits_*"))
    return tmp_path / "copy"


def test_missing_folder(tmp_path):
    with pytest.raises(CheckpointError, match="There is no folder"):
        molmo_act.load(tmp_path / "nothing")


def test_nano_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert molmo_act.load("nano", device="cpu").name == "nano"
    (tmp_path / "nano").mkdir()
    with pytest.raises(CheckpointError, match=r"no file config\.json"):  # a folder of one's own goes first
        molmo_act.load("nano", device="cpu")


@pytest.mark.parametrize("kind", ["llama", None, ["molmo"]])
def test_another_architecture(checkpoint, kind):
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps(config | {"model_type": kind}))
    expected = "; expected 'molmo_point' or 'molmo2' or 'molmo'"
    with pytest.raises(CheckpointError, match=re.escape(f"model type {kind!r}{expected}")):
        molmo_act.load(checkpoint)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"dtype": "float99"}, InputError, "dtype is 'float99'"),
        ({"dtype": "int8"}, InputError, "dtype is 'int8'"),  # a type of torch, but not one to compute in
        ({"dtype": "nn"}, InputError, "dtype is 'nn'"),
        ({"dtype": 16}, InputError, "dtype is 16; expected 'float32' or 'fp32', "),
        ({"name_or_path": 5}, InputError, "name_or_path is 5; expected a path"),
        ({"name_or_path": ""}, InputError, "name_or_path is ''; expected a path"),
        ({"revision": 1}, InputError, "revision is 1; expected the name of a branch"),
        ({"revision": "x"}, InputError, "revision 'x' was given, but the folder .* has no revisions"),
        ({"revision": "x", "name_or_path": "nano"}, InputError, "the bundled nano has no revisions"),
        ({"revision": "x", "name_or_path": None}, InputError, "the bundled nano has no revisions"),
        ({"revision": "x", "name_or_path": "./nothing"}, InputError, "'./nothing' has no revisions"),
        ({"max_drift_px": "1", "quantization": "int8"}, InputError, "max_drift_px is '1'"),
        ({"quantization": ["int8"]}, InputError, "quantization is"),
        ({"device": 0}, InputError, "device is 0; expected a device such as 'cpu'"),
        ({"device": True}, InputError, "device is True"),
        ({"device": ""}, PlatformError, "device '' cannot be used here"),
        ({"device": "cpu", "device_map": "cpu"}, InputError, "expected one of them"),
        (
            {"device_map": {"a": "cpu", "b": 0}},
            PlatformError,
            "places parts on cpu, cuda:0; a model runs on one",
        ),
        ({"device_map": {}}, PlatformError, "places parts on nothing"),
        ({"device_map": {"": "disk"}}, PlatformError, "device 'disk' cannot be used here"),
        ({"device": "meta"}, PlatformError, "device 'meta' holds no numbers"),
        ({"dtype": "float64"}, InputError, "dtype is 'float64'; expected 'float32' or 'fp32', "),
        ({"dtype": torch.float8_e4m3fn}, InputError, "dtype is torch.float8_e4m3fn"),  # a type to store in
        ({"device": "tpu"}, PlatformError, "device 'tpu' cannot be used here"),
        ({"device": "cuda:77"}, PlatformError, "device 'cuda:77' cannot be used here"),
        ({"quantization": "int3"}, InputError, "quantization is 'int3'"),
    ],
)
def test_bad_load_options(options, kind, message):
    with pytest.raises(kind, match=message) as caught:
        molmo_act.load(**{"name_or_path": TINY} | options)
    assert isinstance(caught.value, MolmoActError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", DTYPES)
def test_dtype(name):
    loaded = molmo_act.load(TINY, device="cpu", dtype=name)
    assert {weight.dtype for weight in loaded.model.parameters()} == {DTYPES[name]}
    assert loaded.point(synthetic_image(1, 60, 90), "the boats").score.dtype == np.float32


@pytest.fixture(scope="module")
def exact():
    return answer_probes(molmo_act.load(device="cpu"))


QUIET = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)
needs_quant = pytest.mark.skipif(
    not (find_spec("bitsandbytes") and find_spec("accelerate")), reason="extra 'quant' is not installed"
)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize(
    "quantization",
    [
        None,
        pytest.param("int8-dynamic", marks=pytest.mark.slow),
        pytest.param("int8", marks=[pytest.mark.slow, needs_quant, QUIET]),
        pytest.param("nf4", marks=[pytest.mark.slow, needs_quant, QUIET]),
    ],
)
def test_every_dtype_gives_the_same_points(dtype, quantization, exact):
    options = {"device": "cpu", "quantization": quantization}
    expected = exact if quantization is None else answer_probes(molmo_act.load(**options))
    found = answer_probes(molmo_act.load(**options, dtype=dtype))
    drift = measure_drift(expected, found)
    assert drift.px[-1] <= 1
    assert drift.lost + drift.added <= (
        quantization == "nf4"
    )  # one lies at the threshold, on some processors
    assert drift.score_change <= 0.01
    for ours, theirs in zip(expected, found, strict=True):
        assert theirs.absent == pytest.approx(ours.absent, abs=0.08)


@pytest.mark.parametrize(
    "device_map", ["cpu", torch.device("cpu"), {"": "cpu"}, {"model": "cpu", "lm_head": "cpu"}]
)
def test_a_device_map_of_one_device(device_map):
    assert molmo_act.load(TINY, device_map=device_map).model.device.type == "cpu"


def test_auto_device(monkeypatch):
    """Which one it takes on machines that have it; there is none here to load a model to."""
    assert molmo_act.load(TINY, device="auto").model.device == _device("auto")
    for kind in reversed(AUTO_DEVICES):
        monkeypatch.setattr(f"torch.{kind}.is_available", lambda: False)
    assert _device("auto").type == "cpu"
    for kind in reversed(AUTO_DEVICES):
        monkeypatch.setattr(f"torch.{kind}.is_available", lambda: True)
        assert _device("auto").type == kind


def test_a_quantization_that_drifts_too_far_is_refused(monkeypatch):
    """The gate that compares answers to the probe images; how drift is measured is tested elsewhere."""
    with pytest.raises(InputError, match="max_drift_px was given without quantization"):
        molmo_act.load(TINY, device="cpu", max_drift_px=1.0)
    monkeypatch.setattr("molmo_act.pointing.load.answer_probes", lambda model: model.name)
    for worst, refused in ((0.5, False), (1.5, True)):
        drift = type("Drift", (), {"worst_px": worst, "__str__": lambda self: "moved"})()
        monkeypatch.setattr("molmo_act.pointing.load.measure_drift", lambda *_, drift=drift: drift)
        options = {"device": "cpu", "quantization": "int8-dynamic", "max_drift_px": 1.0}
        if refused:
            with pytest.raises(CheckpointError, match="too far"):
                molmo_act.load("nano", **options)
        else:
            assert molmo_act.load("nano", **options).name == "nano"
