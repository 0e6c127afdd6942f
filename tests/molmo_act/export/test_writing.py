"""The folder of an export: all of it or nothing."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

import molmo_act
from molmo_act.errors import InputError
from molmo_act.export import writing
from molmo_act.export.writing import write_export
from molmo_act.formats.exported import SETTINGS


@pytest.fixture(scope="module")
def nano():
    return molmo_act.load("nano", device="cpu")


def test_settings_describe_every_file_and_no_place(nano, nano_onnx):
    text = (nano_onnx / SETTINGS).read_text(encoding="utf-8")
    settings = json.loads(text)
    files = {path.name for path in nano_onnx.iterdir()} - {SETTINGS}
    assert files == set(settings["files"])
    for name, said in settings["files"].items():
        content = (nano_onnx / name).read_bytes()
        assert said == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert settings["config"]["patch_token_id"] == nano.model.config.patch_token_id
    assert "checkpoints" not in text
    assert b"site-packages" not in (nano_onnx / "connector.onnx").read_bytes()
    words = np.load(nano_onnx / "embeddings.npy", mmap_mode="r")
    np.testing.assert_array_equal(words, nano.model.model.language_model.embed_tokens.weight.detach().numpy())


def test_what_fails_before_the_end_leaves_nothing(nano, tmp_path, monkeypatch):
    def drop(model, files, dtype):
        with files.new("half") as file:
            file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.GraphWriter, "write", lambda self: iter(("vision",)))
    monkeypatch.setattr(writing, "_write_words", drop)
    with pytest.raises(InputError, match="No space left"):
        write_export(nano.model, nano.processor, tmp_path / "out", name="nano")
    assert not list(tmp_path.iterdir())


def test_a_check_that_raises_leaves_nothing(nano, tmp_path, monkeypatch):
    def refuse(folder):
        assert (folder / SETTINGS).is_file()
        raise InputError("drifts too far")

    monkeypatch.setattr(writing.GraphWriter, "write", lambda self: iter(()))
    with pytest.raises(InputError, match="drifts"):
        write_export(nano.model, nano.processor, tmp_path / "out", name="nano", check=refuse)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options", [{"precision": "int2"}, {"precision": None}, {"opset": 17}, {"opset": "18"}]
)
def test_options_out_of_range(nano, tmp_path, options):
    with pytest.raises(InputError, match=next(iter(options))):
        write_export(nano.model, nano.processor, tmp_path / "out", name="nano", **options)


def test_a_folder_with_files_is_refused_first(nano, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="there already"):
        write_export(nano.model, nano.processor, tmp_path, name="nano")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_quantized_models_and_other_families_are_refused(tmp_path):
    quantized = molmo_act.load("nano", device="cpu", quantization="int8-dynamic")
    with pytest.raises(InputError, match="quantized"):
        write_export(quantized.model, quantized.processor, tmp_path / "out", name="nano")
    with pytest.raises(InputError, match="MolmoPoint"):
        write_export(object(), quantized.processor, tmp_path / "out", name="another")
