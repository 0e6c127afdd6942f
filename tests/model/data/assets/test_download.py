"""Fetching the drawings and photographs that scenes are made of; nothing is fetched here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from model.data.assets import download
from molmo_act.errors import PlatformError


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlatformError, match="'apt-get' is not on this machine"):
        download.fetch_debian("some-package", tmp_path)


def test_a_download_that_fails_says_what_the_program_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failed = subprocess.CompletedProcess([], 100, "", "E: Unable to locate package\n")
    monkeypatch.setattr(download.subprocess, "run", lambda *args, **options: failed)
    monkeypatch.setattr(download.shutil, "which", lambda name: name)
    with pytest.raises(PlatformError, match="failed with 100: E: Unable to locate package"):
        download.fetch_debian("nothing", tmp_path)


def test_a_package_that_is_unpacked_is_not_fetched_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "debian-stamps" / "usr").mkdir(parents=True)
    monkeypatch.setenv("PATH", "")
    assert download.fetch_debian("stamps", tmp_path) == tmp_path / "debian-stamps"


def test_one_file_is_chosen_for_each_photograph(tmp_path: Path) -> None:
    files = (
        "mate/Dune.jpg",
        "mate/Other.jpg",  # nobody asked for it
        "plasma/Waves/contents/images/1920x1080.png",
        "plasma/Waves/contents/images/5120x2880.png",
        "mate/Storm.txt",  # no image
    )
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "Storm.jpg").symlink_to(tmp_path / "mate" / "Dune.jpg")
    found = download._photo_files(tmp_path, {"Dune", "Waves", "Storm"})
    assert [str(path.relative_to(tmp_path)) for path in found] == [files[0], files[2]]


def test_an_archive_that_is_there_is_kept_unless_asked_to_make_it_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sprites.json").write_text("[]")
    assert download.main(["--folder", str(tmp_path)]) == 0
    assert "is there already; --again" in capsys.readouterr().err
    Image.new("RGB", (700, 500)).save(tmp_path / "ground.png")
    calls = []

    def fetched(folder: Path, *, debian: bool = True) -> tuple[list, list[Path]]:
        calls.append((folder, debian))
        return [], [tmp_path / "ground.png"]

    monkeypatch.setattr(download, "fetch_sources", fetched)
    monkeypatch.setattr(download, "write_sprites", lambda sources, folder: ())
    arguments = ["--folder", str(tmp_path), "--packages", str(tmp_path / "p"), "--again", "--without-debian"]
    assert download.main(arguments) == 0
    assert calls == [(tmp_path / "p", False)]
    assert "0 drawings of 0 nouns and 1 photographs" in capsys.readouterr().out
    assert json.loads((tmp_path / "photos.json").read_text()) == ["ground.png"]
