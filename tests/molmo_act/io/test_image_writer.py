"""Images are written whole or not at all, and only where they may be."""

from __future__ import annotations

import os

import pytest
from PIL import Image

from molmo_act.errors import InputError
from molmo_act.io.image_writer import check_image_path, save_image

RED = Image.new("RGB", (6, 4), (255, 0, 0))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", "PNG"),  # the usual
        ("a.JPG", "JPEG"),  # case does not matter
        ("a.b.webp", "WEBP"),  # the last suffix counts
        ("a.tiff", "TIFF"),  # long suffix
        ("ä b.bmp", "BMP"),  # a name with blanks and umlauts
    ],
)
def test_the_suffix_chooses_the_kind(tmp_path, name: str, kind: str) -> None:
    save_image(RED, tmp_path / name)
    with Image.open(tmp_path / name) as picture:
        assert picture.format == kind
        assert picture.size == (6, 4)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a", "expected a name that ends in .png"),  # no suffix
        ("a.xyz", "expected a name that ends in .png"),  # unknown
        ("a.pdf", "expected a name that ends in .png"),  # no image
        (".png", "expected a name that ends in .png"),  # a suffix alone is no name
        ("", "expected a path, as str or"),  # nothing
        ("missing/a.png", "does not exist"),  # no such folder
        ("folder.png", "it is a folder"),  # taken by a folder
    ],
)
def test_places_that_cannot_be_written(tmp_path, monkeypatch, name: str, words: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    for act in (check_image_path, lambda path: save_image(RED, path)):
        with pytest.raises(InputError, match=words):
            act(name)
    assert os.listdir(tmp_path) == ["folder.png"]


def test_a_failed_write_leaves_the_old_image_and_no_rubbish(tmp_path) -> None:
    class FullDisk(Image.Image):
        def save(self, file, kind: str) -> None:
            file.write(b"half a picture")
            raise OSError(28, "No space left on device")

    path = tmp_path / "a.png"
    save_image(RED, path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="No space left"):
        save_image(FullDisk(), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize("image", [5, None, "a.png", [[0]]])
def test_what_is_no_image_is_refused_and_nothing_written(tmp_path, image) -> None:
    with pytest.raises(InputError, match="expected a PIL image"):
        save_image(image, tmp_path / "a.png")
    with pytest.raises(InputError, match="The path to write to is 5"):
        save_image(RED, 5)
    assert os.listdir(tmp_path) == []
