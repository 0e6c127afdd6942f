"""Rows of parquet files, and images by their address."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from model.data.datasets.parquet import ImageFolder, ParquetRows, decoded
from model.data.errors import SkippedRow
from molmo_act.errors import InputError


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Rows 0 to 4 in groups of two, and 5 to 6 in one."""
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    pq.write_table(pa.table({"n": list(range(5))}), paths[0], row_group_size=2)
    pq.write_table(pa.table({"n": [5, 6]}), paths[1])
    return paths


def test_rows_go_on_from_file_to_file_by_groups(files: list[Path]) -> None:
    rows = ParquetRows(files)
    assert rows.blocks == (2, 2, 1, 2)
    assert len(rows) == 7
    assert [rows[index]["n"] for index in (6, 0, 4, 3, 5, 1, 2)] == [6, 0, 4, 3, 5, 1, 2]
    for index in (-1, 7):
        with pytest.raises(IndexError):
            rows[index]


def test_damage_is_named_where_it_is_found(files: list[Path]) -> None:
    rows = ParquetRows(files)
    whole = files[1].read_bytes()
    files[1].write_bytes(whole[: len(whole) // 2])
    assert rows[0]["n"] == 0
    with pytest.raises(InputError, match=r"b\.parquet is damaged"):
        rows[5]
    with pytest.raises(InputError, match=r"b\.parquet is damaged"):
        ParquetRows(files)


def png(value: int) -> bytes:
    stored = io.BytesIO()
    Image.new("L", (3, 2), value).save(stored, "PNG")
    return stored.getvalue()


def test_images_lie_under_the_checksum_of_their_address(tmp_path: Path) -> None:
    folder, url, data = ImageFolder(tmp_path), "https://example.org/a.jpg", png(7)
    assert folder.path(url).name == hashlib.sha256(url.encode()).hexdigest()
    folder.path(url).write_bytes(data)
    assert np.array_equal(folder.read({"image_url": url}), np.full((2, 3, 3), 7, np.uint8))
    folder.read({"image_url": url, "image_sha256": hashlib.sha256(data).hexdigest()})
    with pytest.raises(SkippedRow, match="has changed since it was annotated"):
        folder.read({"image_url": url, "image_sha256": hashlib.sha256(b"").hexdigest()})
    with pytest.raises(SkippedRow, match="is missing"):
        folder.read({"image_url": "https://example.org/b.jpg"})
    (tmp_path / "clock.png").write_bytes(data)
    assert folder.named("clock.png").shape == (2, 3, 3)


@pytest.mark.parametrize("data", [b"", b"not an image", png(1)[:40]])
def test_what_is_no_image_is_skipped(data: bytes) -> None:
    with pytest.raises(SkippedRow, match="cannot be read"):
        decoded(data)
