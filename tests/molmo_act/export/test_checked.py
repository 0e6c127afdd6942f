"""The whole export of a model, in fewer bits."""

from __future__ import annotations

import pytest

import molmo_act
from molmo_act.embedded.model import EmbeddedModel
from molmo_act.errors import CheckpointError, InputError
from molmo_act.export import checked


@pytest.fixture(scope="module")
def nano():
    return molmo_act.load("nano", device="cpu")


@pytest.mark.slow  # traces a model
def test_int4_is_written_and_points(nano, tmp_path):
    report = nano.export(tmp_path / "int4", precision="int4")
    assert report.drift.points > 20
    assert report.same_answers > 30
    model = molmo_act.load(tmp_path / "int4", providers=["CPUExecutionProvider"])
    assert isinstance(model, EmbeddedModel)


def test_what_drifts_too_far_is_not_written(nano, tmp_path, monkeypatch):
    def refuse(folder, expected, precision, max_drift_px):
        assert (precision, max_drift_px) == ("fp32", checked.FULL_PRECISION_PX)
        raise CheckpointError("too far")

    monkeypatch.setattr("molmo_act.export.writing.GraphWriter.write", lambda self: iter(()))
    monkeypatch.setattr(checked, "answer_probes", lambda model: [])
    monkeypatch.setattr(checked, "compare_export", refuse)
    with pytest.raises(CheckpointError, match="too far"):
        nano.export(tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [{"max_drift_px": -1}, {"max_drift_px": "1"}, {"precision": "int3"}])
def test_options_are_checked_first(nano, tmp_path, options):
    with pytest.raises(InputError, match=next(iter(options))):
        nano.export(tmp_path / "out", **options)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"precision": "int3"}, "precision"),
        ({"opset": 5}, "opset"),
        ({"folder": "full"}, "there already"),
        ({"checkpoint": "export"}, "is an exported model; expected the checkpoint"),
    ],
)
def test_wrong_requests_are_refused_before_a_checkpoint_is_loaded(tmp_path, monkeypatch, given, message):
    for name, file in (("full", "notes.txt"), ("export", "molmo_act_onnx.json")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("{}")
    monkeypatch.setattr(checked, "load_streamed", None)
    options = {"checkpoint": "nano", "folder": "out"} | given
    checkpoint, folder = options.pop("checkpoint"), options.pop("folder")
    with pytest.raises(InputError, match=message):
        checked.export_checkpoint(
            checkpoint if checkpoint == "nano" else tmp_path / checkpoint, tmp_path / folder, **options
        )
    assert not (tmp_path / "out").exists()
