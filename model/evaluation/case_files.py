"""Reads what a user downloaded: rows out of JSON and parquet files, images out of folders and archives."""

from __future__ import annotations

import json
import os
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.parquet import decoded
from model.data.errors import SkippedRow
from model.evaluation.benchmark import Benchmark, Row
from molmo_act._optional import require_optional
from molmo_act.errors import InputError


def home_of(benchmark: Benchmark, data: Path) -> Path:
    """Says where a data set lies: in its folder in that of all data sets, or in the folder itself.

    Args:
        benchmark: The benchmark.
        data: What the user gave as ``--data``.

    Raises:
        InputError: It is no folder.
    """
    if not data.is_dir():
        raise InputError(f"--data {data} is no folder. {how_to_get(benchmark, data / benchmark.folder)}")
    inner = data / benchmark.folder
    return inner if inner.is_dir() else data


def how_to_get(benchmark: Benchmark, home: Path) -> str:
    """Says how a user gets a data set.

    Args:
        benchmark: The benchmark.
        home: Where it is to lie.
    """
    lines = " && ".join(line.format(home=home) for line in benchmark.download)
    return f"Get {benchmark.title} by: {lines}" if lines else f"Put {benchmark.title} into {home}."


def find(benchmark: Benchmark, home: Path, *patterns: str) -> list[Path]:
    """Finds the files of a data set.

    Args:
        benchmark: The benchmark.
        home: Folder of the data set.
        patterns: Patterns of names below it; the first that matches is taken.

    Returns:
        At least one file, sorted.

    Raises:
        InputError: There is none.
    """
    for pattern in patterns:
        if files := sorted(path for path in home.glob(pattern) if path.is_file()):
            return files
    raise InputError(
        f"{benchmark.title} is not in {home}: no file {' or '.join(patterns)}. {how_to_get(benchmark, home)}"
    )


def read_json(path: Path) -> Any:
    """Reads a JSON file, or one with a JSON object a line (``.jsonl``).

    Raises:
        InputError: It is damaged.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        return json.loads(text)
    except (ValueError, OSError) as exc:
        raise InputError(f"{path} is damaged ({exc}). Download it again.") from exc


def read_rows(path: Path) -> list[Row]:
    """Reads a JSON file that holds a list of rows.

    Raises:
        InputError: It is damaged, or holds something else.
    """
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise InputError(f"{path} holds something else than a list of rows. Download it again.")
    return rows


class Table:
    """The rows of parquet files; columns of images stay in the files until they are asked for.

    Args:
        files: The files, in order.
        images: Columns that hold images (``{bytes, path}``) or lists of them.

    Attributes:
        rows: The rows without the columns of images.

    Raises:
        InputError: A file is damaged.
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(self, files: Sequence[Path], images: Sequence[str] = ()) -> None:
        require_optional("pyarrow", extra="train", purpose="reading public data sets")
        from pyarrow import ArrowInvalid
        from pyarrow.parquet import ParquetFile

        self.rows: list[Row] = []
        self._places: list[tuple[Path, int, int]] = []  # file, row group, row in it
        self._held: tuple[Path, int, Any] | None = None
        self._open = ParquetFile
        for path in files:
            try:
                table = ParquetFile(path)
                for group in range(table.num_row_groups):
                    names = [name for name in table.schema_arrow.names if name not in images]
                    rows = table.read_row_group(group, columns=names).to_pylist()
                    self.rows += rows
                    self._places += [(path, group, number) for number in range(len(rows))]
            except (ArrowInvalid, OSError, ValueError) as exc:
                raise InputError(f"{path} is damaged ({exc}). Download it again.") from exc

    def column(self, index: int, name: str) -> Any:
        """Reads one value of a column of images.

        Args:
            index: Number of the row.
            name: The column.

        Raises:
            SkippedRow: It cannot be read.
        """
        path, group, number = self._places[index]
        if self._held is None or self._held[:2] != (path, group):
            try:
                self._held = path, group, self._open(path).read_row_group(group)
            except (OSError, ValueError) as exc:
                raise SkippedRow("image cannot be read from its parquet file") from exc
        table = self._held[2]
        return table.column(name)[number].as_py() if name in table.column_names else None

    def image(self, index: int, name: str = "image") -> np.ndarray:
        """Reads an image of a row.

        Args:
            index: Number of the row.
            name: The column.

        Returns:
            uint8 (H, W, 3), RGB.

        Raises:
            SkippedRow: It is missing, or cannot be read.
        """
        return image_of(self.column(index, name))

    def reader(self, index: int, name: str = "image") -> Callable[[], np.ndarray]:
        """Gives a function that reads the image of a row, for `Case.read`."""
        return lambda: self.image(index, name)


def image_of(value: Any) -> np.ndarray:
    """Decodes an image as parquet files of the hub hold it.

    Args:
        value: ``{"bytes": …, "path": …}``, or the bytes.

    Returns:
        uint8 (H, W, 3), RGB.

    Raises:
        SkippedRow: It is missing, or cannot be read.
    """
    data = value.get("bytes") if isinstance(value, Mapping) else value
    if not isinstance(data, bytes) or not data:
        raise SkippedRow("image is missing")
    return decoded(data)


class Files:
    """Files that lie in a folder, or still in the archive that the hub gives.

    Names are compared in Unicode's composed form: archives of different makers write accents differently.

    Args:
        home: Folder of the data set.
        folder: Folder of the files in it.
        archive: Pattern of the archives that hold it; None where there is none.
    """

    def __init__(self, home: Path, folder: str, archive: str | None = None) -> None:
        self._folder = home / folder
        self._archives = sorted(home.glob(archive)) if archive and not self._folder.is_dir() else []
        self._members: dict[str, tuple[zipfile.ZipFile, str]] | None = None
        self._named: dict[str, Path] | None = None

    @property
    def there(self) -> bool:
        """Whether there is a folder or an archive at all."""
        return self._folder.is_dir() or bool(self._archives)

    def read(self, name: str) -> bytes:
        """Reads a file.

        Args:
            name: Its path in the folder.

        Raises:
            SkippedRow: It is missing.
        """
        wanted = unicodedata.normalize("NFC", name)
        if os.path.isabs(name) or os.path.normpath(name).startswith(".."):
            raise SkippedRow("image lies outside its folder")
        try:
            if not self._archives:
                return self._path(name, wanted).read_bytes()
            archive, member = self._in_archives()[wanted]
            return archive.read(member)
        except (OSError, KeyError, zipfile.BadZipFile, RuntimeError):
            raise SkippedRow("image is missing") from None

    def image(self, name: str) -> np.ndarray:
        """Reads an image, uint8 (H, W, 3) RGB.

        Args:
            name: Its path in the folder.

        Raises:
            SkippedRow: It is missing, or cannot be read.
        """
        return decoded(self.read(name))

    def reader(self, name: str) -> Callable[[], np.ndarray]:
        """Gives a function that reads an image, for `Case.read`."""
        return lambda: self.image(name)

    def _path(self, name: str, wanted: str) -> Path:
        path = self._folder / name
        if path.is_file():
            return path
        if self._named is None:
            files = (path for path in self._folder.rglob("*") if path.is_file())
            self._named = {
                unicodedata.normalize("NFC", path.relative_to(self._folder).as_posix()): path
                for path in files
            }
        return self._named[wanted]

    def _in_archives(self) -> dict[str, tuple[zipfile.ZipFile, str]]:
        """Members by their path in the folder, whether or not the archive has the folder itself."""
        if self._members is None:
            self._members = {}
            for path in self._archives:
                try:
                    archive = zipfile.ZipFile(path)
                except (OSError, zipfile.BadZipFile) as exc:
                    raise InputError(f"{path} is damaged ({exc}). Download it again.") from exc
                for member in archive.namelist():
                    name = unicodedata.normalize("NFC", _utf8_name(archive, member))
                    inside = name.removeprefix(f"{self._folder.name}/")
                    self._members[inside] = archive, member
        return self._members


def _utf8_name(archive: zipfile.ZipFile, member: str) -> str:
    """The name of a member; where it does not say it is UTF-8, Python has read it as code page 437."""
    if archive.getinfo(member).flag_bits & 0x800:
        return member
    try:
        return member.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member
