"""Settings of exported models: what is read of them, and which folders are refused in one sentence."""

from __future__ import annotations

import json

import pytest

from molmo_act.embedded.config import ModelConfig
from molmo_act.embedded.settings import read_settings
from molmo_act.errors import CheckpointError
from molmo_act.formats.exported import SETTINGS
from tests.support.embedded import said_of, write_export, write_settings
from tests.support.tiny_checkpoint import tiny_model, tiny_processor


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
        ({"config": 5}, "config is 5; expected values by name"),
        ({"config": {}}, "it lacks config.text_config"),
        ({"chat": {"image": ["no image", ""]}}, "the chat template shows no image"),
        ({"chat": 5}, "chat is 5; expected values by name"),
        ({"chat": {"image": [1, 2]}}, "chat.image is 1; expected text"),
        ({"chat": {"image": ["<|image|>\ud800", ""]}}, "chat.image is .*expected text"),
        ({"chat": {"image": ["<|image|><|image|>", ""]}}, "shows no image, or several"),
        ({"name": None}, "name is None; expected text"),
        ({"precision": "foo"}, "precision is 'foo'; expected 'fp32'"),
        ({"opset": 18.9}, "opset is 18.9; expected a whole number"),
        ({"format": 2.0}, "is of format 2.0"),
        ({"processor": {"image_use_col_tokens": "no"}}, "processor.image_use_col_tokens is 'no'"),
        ({"special_tokens": {"eos_token": 5}}, "special_tokens.eos_token is 5; expected text"),
        ({"special_tokens": []}, "special_tokens is .*expected values by name"),
        ({"files": []}, "files is .*expected values by name"),
        ({"files": {"../words.onnx": {}}}, "a file '../words.onnx'; expected names of files in its own"),
        ({"files": {"..": {}}}, r"a file '\.\.'; expected"),
        ({"files": {"": {}}}, "a file ''; expected"),
        ({"files": {"a\0b": {}}}, "a file 'a.*b'; expected"),
        ({"files": {"\ud800": {}}}, "files is .*expected text"),
        ({"prompts": {"point": "no slot"}}, "expected text with one {}"),
        ({"image_processor": {"size": {"height": 28}}}, "it lacks image_processor.size.width"),
        ({"files": {}}, "it lists no vision.onnx, connector.onnx"),
        ({"files": {"vision.onnx": {"size": "many", "sha256": ""}}}, "files.vision.onnx.size is 'many'"),
    ],
)
def test_other_settings_are_refused(folder, changes, message):
    write_settings(folder, {**said_of(tiny_model(), tiny_processor()), **changes})
    with pytest.raises(CheckpointError, match=message):
        read_settings(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_crops": None}, "max_crops is None; expected a whole number from 1 to 1024"),
        ({"image_mean": [0.5]}, "image_mean is .*expected a list of 3"),
        ({"image_mean": "0.5"}, "image_mean is '0.5'"),
        ({"image_mean": [0, 0, 1e999]}, "image_mean is inf"),
        ({"image_std": [0, 0, 0]}, "image_std is 0; expected a number between 1e-06 and 1000"),
        ({"image_std": [1e-50] * 3}, "image_std is 1e-50"),  # which is 0 in float32
        ({"size": {"height": 28, "width": 56}}, r"image_processor\.size is 28 × 56"),
        ({"overlap_margins": [1]}, "overlap_margins is .*expected a list of 2"),
        ({"pooling_size": [2.0, 2]}, "pooling_size is 2.0"),
        ({"resample": 3}, "resample is 3; expected 2, bilinear"),
        ({"patch_size": 13}, "crop_size .* must be a positive multiple of patch_size 13"),
    ],
)
def test_other_settings_of_images_are_refused(folder, changes, message):
    said = said_of(tiny_model(), tiny_processor())
    write_settings(folder, {**said, "image_processor": {**said["image_processor"], **changes}})
    with pytest.raises(CheckpointError, match=message):
        read_settings(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00", "[" * 100_000, '{"a":' * 100_000])
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
    graph.mkdir()
    with pytest.raises(CheckpointError, match=r"language\.onnx of .* is no file"):
        read_settings(folder)
    graph.rmdir()
    with pytest.raises(CheckpointError, match=r"language\.onnx of .* is missing .* Copy the whole folder"):
        read_settings(folder)


def test_a_folder_without_settings_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="There is no exported model in"):
        read_settings(tmp_path)
    (tmp_path / "vision.onnx").write_bytes(b"graph")
    with pytest.raises(CheckpointError, match=r"molmo_act_onnx\.json cannot be read"):
        read_settings(tmp_path)
