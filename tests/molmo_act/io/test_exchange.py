"""Files that are exchanged: after an error in the middle, whatever it is, the old ones are there again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from molmo_act.io.exchange import exchange_files

OLD = {
    "config.json": "old config",
    "model-1.safetensors": "old 1",
    "model-2.safetensors": "old 2",
    "README": "mine",
}
NEW = {"config.json": "new config", "model-1.safetensors": "new 1", "tokenizer.json": "new tokens"}
PATTERN = ["model*.safetensors"]


@pytest.fixture
def target(tmp_path) -> Path:
    return filled(tmp_path / "target", OLD)


@pytest.fixture
def written(tmp_path) -> list[Path]:
    return sorted(filled(tmp_path / "new", NEW).iterdir())


def filled(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_new_files_are_there_and_old_ones_of_the_pattern_gone(target, written):
    exchange_files(written, target, PATTERN)
    assert content(target) == {**NEW, "README": "mine"}


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("failing", range(7))
def test_a_move_that_fails_leaves_all_as_it_was(target, written, monkeypatch, failing, error, links):
    """3 new files, of which 2 replace one, and 1 old one that goes: at most 6 moves."""
    moves, replace = [], os.replace

    def fail(source: Path, place: Path) -> None:
        moves.append(place)
        if len(moves) == failing + 1:
            raise error
        replace(source, place)

    def no_link(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    if not links:
        monkeypatch.setattr("os.link", no_link)
    monkeypatch.setattr("os.replace", fail)
    if failing >= (4 if links else 6):
        exchange_files(written, target, PATTERN)
        return
    with pytest.raises(type(error)):
        exchange_files(written, target, PATTERN)
    assert content(target) == OLD


@pytest.mark.parametrize("name", ["config.json", "model-3.safetensors"])
def test_a_folder_in_the_place_of_a_file_is_refused_before_any_move(target, written, name):
    (target / name).unlink(missing_ok=True)
    (target / name / "inside").mkdir(parents=True)
    before = content(target)
    with pytest.raises(IsADirectoryError, match=f"Is a directory: {name}"):
        exchange_files(written, target, PATTERN)
    assert content(target) == before
    assert (target / name / "inside").is_dir()
