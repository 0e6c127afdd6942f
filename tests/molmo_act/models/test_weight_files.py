"""Which files hold weights, and those of a checkpoint that may not be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import molmo_act
from molmo_act import CheckpointError
from molmo_act.models.weight_files import INDEX, WEIGHTS, StoredTensor, listed, stored_tensors, weight_files
from tests.support.hostile_disks import without_privileges
from tests.support.tiny_checkpoint import TINY


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    folder = tmp_path / "checkpoint"
    shutil.copytree(TINY, folder, ignore=shutil.ignore_patterns("case_*", "*.md", "logits_*"))
    return folder


def test_headers_are_read_of_all_parts(tmp_path):
    save_file({"a": torch.zeros(2, 3)}, tmp_path / "model-1.safetensors")
    save_file({"b": torch.zeros((), dtype=torch.uint8)}, tmp_path / "model-2.safetensors")
    (tmp_path / INDEX).write_text('{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}')
    files = weight_files(tmp_path)
    assert [path.name for path in files] == ["model-1.safetensors", "model-2.safetensors"]
    assert stored_tensors(files) == {
        "a": StoredTensor((2, 3), "F32", files[0]),
        "b": StoredTensor((), "U8", files[1]),
    }


def test_one_file_goes_before_an_index(tmp_path):
    """As in transformers, which reads no index then."""
    (tmp_path / WEIGHTS).touch()
    (tmp_path / INDEX).write_text("damaged")
    assert weight_files(tmp_path) == [tmp_path / WEIGHTS]


def test_a_list_is_cut():
    assert listed("fedcba") == "a, b, c, d, e and 1 more"


UNREAD = ("case_", "logits_", "added_tokens", "merges", "special_tokens_map", "vocab")
"""Beginnings of the names of files that loading does not read."""
READ = [path.name for path in sorted(TINY.iterdir()) if not path.name.startswith((*UNREAD, "README"))]


@pytest.mark.parametrize("name", [*READ, INDEX, "."])
def test_a_file_that_may_not_be_read(checkpoint, name):
    if name == INDEX:
        (checkpoint / WEIGHTS).unlink()
        (checkpoint / INDEX).write_text("{}")
    (checkpoint / name).chmod(0)
    try:
        with without_privileges(), pytest.raises(CheckpointError, match="Permission denied") as caught:
            molmo_act.load(checkpoint, device="cpu")
    finally:
        (checkpoint / name).chmod(0o755)
    assert str(checkpoint / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_may_not_be_looked_into(checkpoint):
    checkpoint.parent.chmod(0)
    try:
        with without_privileges(), pytest.raises(CheckpointError, match="Permission denied"):
            molmo_act.load(checkpoint, device="cpu")
    finally:
        checkpoint.parent.chmod(0o755)
