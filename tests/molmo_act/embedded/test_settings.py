"""Settings of exported models: what is read of them, and which folders are refused in one sentence."""

from __future__ import annotations

import json

import pytest

from molmo_act.embedded.config import ModelConfig
from molmo_act.embedded.settings import SETTINGS, export_folder, read_settings
from molmo_act.errors import CheckpointError
from tests.support.embedded import said_of, write_export, write_settings
from tests.support.tiny_checkpoint import TINY, tiny_model, tiny_processor


@pytest.fixture
def folder(tmp_path):
    return write_export(tiny_model(), tiny_processor(), tmp_path / "export")


def test_settings_are_those_of_the_checkpoint(folder):
    settings, processor = read_settings(folder), tiny_processor()
    assert settings.config == ModelConfig.of(tiny_model().config.to_dict())
    assert settings.geometry == processor.image_processor.geometry
    assert (settings.layout, settings.prompts) == (processor.layout, processor.prompts)
    assert len(settings.graphs) == 9
    settings.check_contents()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 1}, r"is of format 1; this molmo_act reads format 2\. Export it with this version"),
        ({"format": None}, "is of format None"),
        ({"model_type": "molmo2"}, "is of model type 'molmo2'; expected 'molmo_point'"),
        ({"config": {}}, r"lacks a setting, or says something else \(KeyError: 'text_config'\)"),
        ({"chat": {"image": ["no image", ""]}}, "the chat template shows no image"),
        ({"chat": 5}, "lacks a setting, or says something else"),
        ({"prompts": {"point": "no slot"}}, "expected text with one {}"),
        ({"image_processor": {"size": {"height": 28}}}, "lacks a setting"),
        ({"files": {}}, "it lists no vision.onnx, connector.onnx"),
        ({"files": {"vision.onnx": {"size": "many", "sha256": ""}}}, "lacks a setting"),
    ],
)
def test_other_settings_are_refused(folder, changes, message):
    write_settings(folder, {**said_of(tiny_model(), tiny_processor()), **changes})
    with pytest.raises(CheckpointError, match=message):
        read_settings(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00"])
def test_a_damaged_file_is_refused(folder, text):
    (folder / SETTINGS).write_text(text)
    with pytest.raises(CheckpointError, match="is no JSON of settings"):
        read_settings(folder)


def test_files_that_are_missing_cut_off_or_changed(folder):
    graph = folder / "language.onnx"
    graph.write_bytes(b"cut")
    with pytest.raises(
        CheckpointError, match=r"language\.onnx of .* has 3 bytes; expected 0\. It was cut off"
    ):
        read_settings(folder)
    said = json.loads((folder / SETTINGS).read_text())
    said["files"]["language.onnx"]["size"] = 3
    (folder / SETTINGS).write_text(json.dumps(said))
    with pytest.raises(CheckpointError, match=r"language\.onnx of .* is damaged: its contents"):
        read_settings(folder).check_contents()
    graph.unlink()
    with pytest.raises(CheckpointError, match=r"language\.onnx of .* is missing .* Copy the whole folder"):
        read_settings(folder)


def test_exported_models_are_told_from_checkpoints(folder, tmp_path):
    assert export_folder(folder) == export_folder(str(folder)) == folder
    for other in (TINY, tmp_path, None, 5, "nano", "no/such/folder", "a" * 5000, "\0"):
        assert export_folder(other) is None
    with pytest.raises(CheckpointError, match="There is no exported model in"):
        read_settings(tmp_path)


def test_a_folder_that_lost_its_settings_is_an_export_all_the_same(tmp_path):
    (tmp_path / "vision.onnx").write_bytes(b"graph")
    assert export_folder(tmp_path) == tmp_path
    with pytest.raises(CheckpointError, match=r"molmo_act_onnx\.json cannot be read"):
        read_settings(tmp_path)
    (tmp_path / "config.json").write_text("{}")  # a checkpoint, with a graph of its own beside it
    assert export_folder(tmp_path) is None
