"""The files of a run: a folder with a line of JSON for each scored case, written as they come.

The first line of a file says what was measured: model, options, data. A run that was killed leaves whole
lines and perhaps the beginning of one, which is cut off when it goes on. Several processes write files of
their own (``pointbench.0of4.jsonl``), and every case is scored by exactly one of them.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from model.evaluation.benchmark import Prediction, Record
from molmo_act.errors import InputError
from molmo_act.io.atomic import WRITE_ADVICE

Header = dict[str, Any]
"""First line of a file: ``benchmark``, ``model``, ``asked``, ``data``, ``rows``, ``machine``, …"""
IDENTITY = ("benchmark", "model", "asked", "rows", "data_sha256")
"""What must be the same in all files of a benchmark in a run."""


def files_of(folder: Path, benchmark: str | None = None) -> list[Path]:
    """Lists the files of a run.

    Args:
        folder: Folder of the run.
        benchmark: Of this benchmark alone.
    """
    stem = benchmark if benchmark is not None else "*"
    found = set(folder.glob(f"{stem}.jsonl")) | set(folder.glob(f"{stem}.*of*.jsonl"))
    return sorted(found)


def read_file(path: Path) -> tuple[Header | None, list[Record]]:
    """Reads a file of a run.

    Args:
        path: The file.

    Returns:
        Its header, None where even that is not whole; and its records. What a killed process left of a last
        line is not read.

    Raises:
        InputError: A whole line is damaged.
    """
    lines = path.read_bytes().split(b"\n")
    found = [_line(path, number, line) for number, line in enumerate(lines[:-1], 1)]
    if not found:
        return None, []
    header, *records = found
    if not isinstance(header, dict) or "benchmark" not in header:
        raise InputError(f"{path} begins with no header of a run; give another folder, or remove the file.")
    return header, [_record(path, number, said) for number, said in enumerate(records, 2)]


def _line(path: Path, number: int, line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as exc:
        raise _damaged(path, number, exc) from exc


def _record(path: Path, number: int, said: Any) -> Record:
    try:
        answer = said["prediction"]
        prediction = None if answer is None else Prediction.from_json(answer)
        groups, problem, seconds = said["groups"], said["problem"], said["seconds"]
        return Record(int(said["index"]), said["scores"], groups, problem, prediction, seconds)
    except (KeyError, TypeError, ValueError, IndexError) as exc:
        raise _damaged(path, number, exc) from exc


def _damaged(path: Path, number: int, why: Exception) -> InputError:
    return InputError(
        f"Line {number} of {path} is damaged ({type(why).__name__}: {why}). Remove that line; "
        "with --resume its case is then scored again."
    )


def read_run(folder: Path, benchmark: str) -> tuple[Header, list[Record]]:
    """Reads what a run has of a benchmark, all files of it.

    Args:
        folder: Folder of the run.
        benchmark: The benchmark.

    Returns:
        The header, and the records in the order of the data set.

    Raises:
        InputError: There is nothing of it, it is damaged, files do not belong together, or a case was scored
            twice.
    """
    header: Header | None = None
    records: dict[int, Record] = {}
    for path in files_of(folder, benchmark):
        about, found = read_file(path)
        if about is None:
            continue
        if header is not None:
            _check_same(path, header, about)
        header = header or about
        for record in found:
            if record.index in records:
                raise InputError(
                    f"{path} scores case {record.index} of {benchmark} a second time; remove it."
                )
            records[record.index] = record
    if header is None:
        raise InputError(f"{folder} holds no results of {benchmark}; expected the --out of a run.")
    return header, [records[index] for index in sorted(records)]


def _check_same(path: Path, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    for key in IDENTITY:
        if one.get(key) != other.get(key):
            raise InputError(
                f"{path} is of another run: {key} is {_short(one.get(key))} there and "
                f"{_short(other.get(key))} here. Give this run another folder (--out)."
            )


def _short(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= 200 else text[:200] + "…"


@contextmanager
def open_run(
    folder: Path, header: Header, *, shard: tuple[int, int], resume: bool
) -> Iterator[tuple[Writer, set[int]]]:
    """Opens the file of this process, and holds it for itself.

    Args:
        folder: Folder of the run; made where it is missing.
        header: What is measured, with all of `IDENTITY`.
        shard: Number of this process, and how many there are.
        resume: Whether to go on with what is there.

    Yields:
        What appends records; and the cases that are scored already, in any file.

    Raises:
        InputError: There are results and `resume` is not set, they are of another run, or another process
            writes them.
    """
    name, (number, count) = header["benchmark"], shard
    own = folder / (f"{name}.jsonl" if count == 1 else f"{name}.{number}of{count}.jsonl")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(own, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as exc:
        advice = WRITE_ADVICE.get(exc.errno or 0, "Give another --out")
        raise InputError(
            f"--out {folder} was given, and {own.name} cannot be written: {exc}. {advice}."
        ) from exc
    with ExitStack() as stack:
        stack.callback(os.close, handle)
        _hold(handle, own)
        _refuse_other_model(folder, own, header)
        done = _scored(folder, own, header, count, resume)
        _cut_unfinished_line(own, handle)
        writer = Writer(handle)
        if os.fstat(handle).st_size == 0:
            writer.write(header)
        yield writer, done


def _hold(handle: int, path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel lets it go however the process ends
    except OSError as exc:
        raise InputError(
            f"Another process writes {path}. Wait until it ends, or give another folder (--out)."
        ) from exc


def _refuse_other_model(folder: Path, own: Path, header: Header) -> None:
    """A run is of one model; results of two in one folder would be compared as if they were of one."""
    for path in files_of(folder):
        with path.open("rb") as lines:
            first = lines.readline()
        if path == own or not first.endswith(b"\n"):
            continue
        about = _line(path, 1, first)
        if isinstance(about, dict) and about.get("model") != header["model"]:
            raise InputError(
                f"{folder} holds the run of another model ({path.name}: {_short(about.get('model'))}); "
                f"now it is {_short(header['model'])}. Give this run another folder (--out)."
            )


def _scored(folder: Path, own: Path, header: Header, count: int, resume: bool) -> set[int]:
    done: set[int] = set()
    for path in files_of(folder, header["benchmark"]):
        about, records = read_file(path)
        if about is None:
            continue
        if path == own and not resume:
            raise InputError(
                f"{path} has {len(records)} scored cases already. Give --resume to go on with them, "
                "or another folder (--out)."
            )
        _check_same(path, about, header)
        if path != own and not path.name.endswith(f"of{count}.jsonl"):
            _refuse_running(path)
            if not resume:
                raise InputError(
                    f"{path} is there already, of a run in other shards. Give --resume to go on."
                )
        done |= {record.index for record in records}
    return done


def _refuse_running(path: Path) -> None:
    """Files in other shards may hold the cases of this process; they must not grow while it runs."""
    with path.open("rb") as other:
        _hold(other.fileno(), path)


def _cut_unfinished_line(path: Path, handle: int) -> None:
    os.ftruncate(handle, path.read_bytes().rfind(b"\n") + 1)


class Writer:
    """Appends lines to the file of a run.

    Args:
        handle: Of a file that is open for appending.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def write(self, header: Header) -> None:
        """Appends the header."""
        self._append([header])

    def add(self, records: Sequence[Record]) -> None:
        """Appends records."""
        self._append(
            [
                {
                    "index": one.index,
                    "scores": dict(one.scores),
                    "groups": dict(one.groups),
                    "problem": one.problem,
                    "prediction": one.prediction and one.prediction.to_json(),
                    "seconds": round(one.seconds, 4),
                }
                for one in records
            ]
        )

    def _append(self, values: Sequence[Mapping[str, Any]]) -> None:
        lines = "".join(json.dumps(value, allow_nan=False) + "\n" for value in values)
        rest = memoryview(lines.encode())
        while rest:
            rest = rest[os.write(self._handle, rest) :]
