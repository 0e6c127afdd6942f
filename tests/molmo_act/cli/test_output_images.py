"""Where images are written: one file for one source, a folder for several, and never over a source."""

from __future__ import annotations

import pytest

from molmo_act.cli import main as cli
from molmo_act.cli._output_images import OutputImages
from molmo_act.errors import InputError
from molmo_act.io.image import load_image


def test_images_of_several_go_to_a_folder(model, picture, other, tmp_path, capsys) -> None:
    marked, heat = tmp_path / "marked", tmp_path / "heat"
    words = ["--out", str(marked), "--heatmap", str(heat)]
    assert cli.main(["point", picture, other, "red", *words]) == 2  # nothing to show on the second
    assert "no heat map" in capsys.readouterr().err
    assert cli.main(["point", picture, other, "red", "--out", str(marked)]) == 0
    assert sorted(path.name for path in marked.iterdir()) == ["squares.png", "white.png"]
    assert load_image(str(marked / "white.png")).shape == (20, 30, 3)
    assert cli.main(["point", picture, other, "red", "--out", str(marked), "--heatmap", str(marked)]) == 2


def test_nothing_is_made_for_an_option_that_is_not_given(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    OutputImages("--out", None, ["a.png", "b.png"]).write("a.png", lambda: pytest.fail("not wanted"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_one(tmp_path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "no" / "folder", tmp_path / "a.png"):
        with pytest.raises(InputError, match="expected a folder, since there are several images"):
            OutputImages("--out", str(place), ["a.png", "b.png"])


def test_a_source_in_the_folder_is_not_replaced(picture, other, tmp_path) -> None:
    with pytest.raises(InputError, match="is the image itself"):
        OutputImages("--out", str(tmp_path), [picture, other])
