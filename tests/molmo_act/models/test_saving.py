"""Writing a checkpoint: what the folder holds afterwards, and what it keeps when writing fails."""

from __future__ import annotations

import copy
import math
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from molmo_act.errors import InputError, PlatformError
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.models.saving import save_checkpoint
from tests.support.hostile_disks import files_of_at_most, without_privileges
from tests.support.tiny_checkpoint import TINY, tiny_model, tiny_processor


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_saved_checkpoint_has_the_released_files_and_loads(tmp_path):
    save_checkpoint(tiny_model(), tiny_processor(), tmp_path / "new" / "checkpoint")
    saved = tmp_path / "new" / "checkpoint"
    names = {"config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json"}
    assert names <= {path.name for path in saved.iterdir()}
    assert load_file(saved / "model.safetensors").keys() == load_file(TINY / "model.safetensors").keys()
    MolmoPointForConditionalGeneration.from_pretrained(saved)
    MolmoPointProcessor.from_pretrained(saved)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["checkpoint"]  # nothing is left beside


def test_weights_of_before_go_and_other_files_stay(tmp_path):
    stale = ("model-00001-of-00002.safetensors", "model.safetensors.index.json", "model.safetensors")
    for name in (*stale, "README.md"):
        (tmp_path / name).write_text("old")
    save_checkpoint(tiny_model(), tiny_processor(), tmp_path)
    assert {path.name for path in tmp_path.glob("model*")} == {"model.safetensors"}
    assert (tmp_path / "model.safetensors").stat().st_size > 1000
    assert (tmp_path / "README.md").read_text() == "old"


def test_others_may_read_all_files(tmp_path):
    before = os.umask(0o022)
    try:
        save_checkpoint(tiny_model(), tiny_processor(), tmp_path / "it")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "it").iterdir()} == {0o644}


@pytest.mark.parametrize("there", [False, True])
def test_a_full_disk_leaves_a_folder_as_it_was(tmp_path, there):
    place = tmp_path / "new" / "checkpoint"
    if there:
        place.mkdir(parents=True)
        for name in ("model-00001-of-00002.safetensors", "config.json"):
            (place / name).write_text("old")
    before = content(place) if there else {}
    with (
        files_of_at_most(100_000),
        pytest.raises(InputError, match=r"Cannot write a checkpoint to .*: File too large\. Make room"),
    ):
        save_checkpoint(tiny_model(), tiny_processor(), place)
    assert [path.name for path in tmp_path.iterdir()] == (["new"] if there else [])
    assert not there or content(place) == before


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "model-00001-of-00002.safetensors"])
def test_a_folder_in_the_place_of_a_file_leaves_all_as_it_was(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / "tokenizer.json").write_text("old")
    with pytest.raises(
        InputError, match=rf"Cannot write a checkpoint to .*: Is a directory: {name}\. A folder"
    ):
        save_checkpoint(tiny_model(), tiny_processor(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "tokenizer.json"])
    assert (tmp_path / "tokenizer.json").read_text() == "old"


def test_a_folder_of_ones_own_in_a_read_only_one_is_written(tmp_path):
    place = tmp_path / "closed" / "mine"
    place.mkdir(parents=True)
    save_checkpoint(tiny_model(), tiny_processor(), place)
    (tmp_path / "closed").chmod(0o555)
    with without_privileges():
        save_checkpoint(tiny_model(), tiny_processor(), place)
        with pytest.raises(InputError, match=r"Permission denied\. Give a folder that you may write to"):
            save_checkpoint(tiny_model(), tiny_processor(), tmp_path / "closed" / "another")
    MolmoPointForConditionalGeneration.from_pretrained(place)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "taken").write_text("a file")
    for place in ("taken", "taken/inside"):
        with pytest.raises(InputError, match=r"Cannot write a checkpoint to .*taken.*A file is in the place"):
            save_checkpoint(tiny_model(), tiny_processor(), tmp_path / place)


def test_weights_that_are_written_otherwise_than_they_are_do_not_replace_others(tmp_path):
    """As bitsandbytes once did; the quantized models that are saved after use are in test_nf4_layout.py."""

    class Rounds(type(tiny_model())):
        def save_pretrained(self, folder: Path, **options: object) -> None:
            super().save_pretrained(folder, **options)
            path = folder / "model.safetensors"
            weights = load_file(path)
            save_file({name: weight.bfloat16().to(weight) for name, weight in weights.items()}, path)

    model = copy.deepcopy(tiny_model())
    model.__class__ = Rounds
    (tmp_path / "model.safetensors").write_text("old")
    with pytest.raises(PlatformError, match="was written with other numbers than the model has"):
        save_checkpoint(model, tiny_processor(), tmp_path, original_format=False)
    assert content(tmp_path) == {"model.safetensors": b"old"}


DAMAGES = {
    "foreign type": (lambda part: part.to(torch.complex64), "as C64"),
    "NaN": (lambda part: part.fill_(math.nan), "NaN or infinite"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_loading_would_refuse_does_not_replace_what_loads(tmp_path, damage):
    change, message = DAMAGES[damage]
    model = copy.deepcopy(tiny_model())
    bias = model.model.build_vit_embedding.bias
    bias.data = change(bias.data)
    (tmp_path / "model.safetensors").write_text("old")
    with pytest.raises(PlatformError, match=f"cannot be saved as a checkpoint that loads: .*{message}"):
        save_checkpoint(model, tiny_processor(), tmp_path)
    assert content(tmp_path) == {"model.safetensors": b"old"}
