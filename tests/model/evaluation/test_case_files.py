"""Files as users have them: folders, archives of the hub, parquet with images; and damaged ones."""

from __future__ import annotations

import json
import unicodedata
import zipfile

import numpy as np
import pytest

from model.data.errors import SkippedRow
from model.evaluation.case_files import Files, Table, find, home_of, image_of, read_rows
from model.evaluation.standins import png, write_parquet
from molmo_act.errors import InputError
from tests.model.evaluation.harness import Doubling

IMAGE = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)


def test_a_data_set_lies_in_its_folder_or_is_the_folder(tmp_path):
    assert home_of(Doubling(), tmp_path) == tmp_path
    (tmp_path / "doubling").mkdir()
    assert home_of(Doubling(), tmp_path) == tmp_path / "doubling"
    with pytest.raises(InputError, match=r"no folder\. Get Doubling by: hf download somebody/doubling"):
        home_of(Doubling(), tmp_path / "missing")


def test_what_is_missing_is_said_with_how_to_get_it(tmp_path):
    with pytest.raises(InputError, match=r"no file a\.json or b\.json\. Get Doubling by: hf download"):
        find(Doubling(), tmp_path, "a.json", "b.json")


@pytest.mark.parametrize("text", ["{]", '{"a": 1}', '["a"]', ""])
def test_rows_that_are_none_are_refused(tmp_path, text):
    path = tmp_path / "rows.json"
    path.write_text(text)
    with pytest.raises(InputError, match="Download it again"):
        read_rows(path)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("top", ["images/", ""])
def test_names_with_accents_are_found_in_folders_and_archives(tmp_path, form, top):
    name = "café über.png"
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.writestr(top + unicodedata.normalize(form, name), png(IMAGE))
    assert np.array_equal(Files(tmp_path, "images", "*.zip").image(name), IMAGE)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / unicodedata.normalize(form, name)).write_bytes(png(IMAGE))
    assert np.array_equal(Files(tmp_path, "images", "*.zip").image(name), IMAGE)


def test_names_of_archives_that_do_not_say_they_are_utf_8(tmp_path):
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.writestr("cafXX.png", png(IMAGE))
    raw = (tmp_path / "images.zip").read_bytes().replace(b"cafXX.png", "café.png".encode())
    (tmp_path / "images.zip").write_bytes(raw)
    assert np.array_equal(Files(tmp_path, "images", "*.zip").image("café.png"), IMAGE)


def test_missing_and_dead_images_are_told_apart(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "dead.png").write_bytes(b"not an image")
    files = Files(tmp_path, "images")
    with pytest.raises(SkippedRow, match=r"^image is missing$"):
        files.image("nowhere.png")
    with pytest.raises(SkippedRow, match=r"^image cannot be read$"):
        files.image("dead.png")
    with pytest.raises(SkippedRow, match=r"^image is missing$"):
        files.image("nowhere\0.png")
    for name in ("../images/dead.png", "/etc/hostname", "a/../../b.png"):
        with pytest.raises(SkippedRow, match=r"^image lies outside its folder$"):
            files.image(name)


def test_parquet_gives_rows_without_images_and_images_when_asked(tmp_path):
    rows = [{"n": number, "image": {"bytes": png(IMAGE + number), "path": "a"}} for number in range(20)]
    rows[3]["image"] = {"bytes": b"", "path": "gone"}
    write_parquet(tmp_path / "a.parquet", rows[:12])
    write_parquet(tmp_path / "b.parquet", rows[12:])
    table = Table(sorted(tmp_path.glob("*.parquet")), images=("image",))
    assert table.rows == [{"n": number} for number in range(20)]
    for number in (0, 19, 7, 8, 11, 12):
        assert np.array_equal(table.image(number), IMAGE + number)
    with pytest.raises(SkippedRow, match="image is missing"):
        table.image(3)
    with pytest.raises(SkippedRow, match="image is missing"):
        table.image(0, "no such column")


def test_a_damaged_parquet_file_is_refused(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(InputError, match="Download it again"):
        Table([tmp_path / "a.parquet"])


def test_images_are_bytes():
    for value in (None, "path", {"path": "a"}, 3, {"bytes": None}):
        with pytest.raises(SkippedRow, match="image is missing"):
            image_of(value)


def test_lines_of_json_are_rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps({"n": number}) for number in range(3)) + "\n\n")
    assert read_rows(path) == [{"n": 0}, {"n": 1}, {"n": 2}]
