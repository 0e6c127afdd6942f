"""Folders of exported models are told from those of checkpoints, and refused where these are needed."""

from __future__ import annotations

import pytest

from molmo_act.cli.main import main
from molmo_act.errors import InputError
from molmo_act.formats.exported import SETTINGS, export_folder, refuse_export
from molmo_act.pointing.load import load as load_checkpoint
from tests.support.embedded import write_export
from tests.support.tiny_checkpoint import TINY, tiny_model, tiny_processor


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_export(tiny_model(), tiny_processor(), tmp_path_factory.mktemp("parent") / "export")


def test_exported_models_are_told_from_checkpoints(folder, tmp_path):
    assert export_folder(folder) == export_folder(str(folder)) == folder
    for other in (TINY, tmp_path, None, 5, "nano", "no/such/folder", "a" * 5000, "\0"):
        assert export_folder(other) is None
        refuse_export(other)


def test_a_folder_that_lost_its_settings_is_an_export_all_the_same(tmp_path):
    (tmp_path / "vision.onnx").write_bytes(b"graph")
    assert export_folder(tmp_path) == tmp_path
    (tmp_path / "config.json").write_text("{}")  # a checkpoint, with a graph of its own beside it
    assert export_folder(tmp_path) is None


def test_where_a_checkpoint_is_needed_an_export_is_called_one(folder):
    for given in (folder, folder / SETTINGS):
        with pytest.raises(
            InputError, match="is an exported model; expected the checkpoint that it was made"
        ):
            refuse_export(given)
    with pytest.raises(InputError, match="is an exported model"):
        load_checkpoint(folder)


@pytest.mark.parametrize("words", [["plan"], ["plan", "--json"], ["export", "--out", "out"]], ids=" ".join)
@pytest.mark.parametrize("given", ["", SETTINGS])
def test_commands_that_need_a_checkpoint_say_what_was_given(folder, words, given, capsys, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert main([*words, str(folder / given)]) == 2
    assert "is an exported model; expected the checkpoint that it was made from" in capsys.readouterr().err
