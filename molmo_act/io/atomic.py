"""Writes files and folders whole or not at all.

What is written lies beside its place, on the same file system, until the block ends without an error; then it
is renamed, which is one step for every reader. A process that is killed in between leaves the old file, or
none. A power cut may still take what was written shortly before, because the system writes later than a
program does; `durable=True` waits until it is on the disk. That takes milliseconds to seconds, so it is for
what nothing can make again: settings of a run, curves of a checkpoint.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from molmo_act.errors import InputError
from molmo_act.io.exchange import exchange_files
from molmo_act.validation import check_path

try:
    import fcntl
except ImportError:  # Windows has none; what killed processes left behind then stays
    fcntl = None  # type: ignore[assignment]

PARTIAL = ".partial"
"""Suffix of the folder beside `atomic_folder`'s in which it is written, each writer in its own."""
FILES = "files"
"""Beginning of the name of the folder in which `atomic_files` are written."""
WRITE_ADVICE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "Make room, or give another place"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "Give a folder that you may write to"),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "A file is in the place of a folder; give another name"),
    errno.EISDIR: "A folder is in the place of the file; give another name",
    errno.ENOTEMPTY: "The folder is there already; remove it or give another name",
}
"""What to do about an error of the system, by its number."""


@contextmanager
def atomic_file(
    path: str | os.PathLike[str], *, durable: bool = False, private: bool = False
) -> Iterator[Path]:
    """A path to write a file to, which appears under its own name when the block ends.

    Several processes may write the same file at once: the last one that ends wins.

    Args:
        path: Where the file is to be, in a folder that exists. An existing file is replaced.
        durable: Whether to wait until the file would survive a power cut.
        private: Whether only its owner may read it, at any time; else it gets the mode of any new file.

    Yields:
        Path of a file of the same name in a temporary folder beside, which does not exist yet.

    Raises:
        OSError: The file cannot be written; or the block did not write it.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> with atomic_file(folder / "answer.txt") as beside:
        ...     _ = beside.write_text("42")
        >>> [path.name for path in folder.iterdir()]
        ['answer.txt']
    """
    target = Path(path)
    with TemporaryDirectory(prefix=f"{PARTIAL}-", dir=target.parent) as unfinished:
        beside = Path(unfinished) / target.name
        yield beside
        if private:
            beside.chmod(0o600)
        else:
            _open_to_others(beside, Path(unfinished))
        if durable:
            _sync(beside)
        os.replace(beside, target)
    if durable:
        _sync(target.parent)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder to write files into, which appears under its own name when the block ends.

    What a killed process left beside its place goes first. Several processes may write the same folder at
    once: the first one that ends wins, and the others raise.

    Args:
        path: Where the folder is to be. Missing folders above it are made.

    Yields:
        Path of an empty folder of the same name in a temporary one beside.

    Raises:
        OSError: It cannot be written, or there is a folder that is not empty in its place.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_behind(target)
    unfinished, held = _make_unfinished(target)
    try:
        beside = unfinished / target.name
        beside.mkdir()
        yield beside
        for path in beside.rglob("*"):
            _open_to_others(path, unfinished)
        beside.rename(target)
    finally:
        _give_up(unfinished, held)


@contextmanager
def atomic_files(folder: str | os.PathLike[str], *, replaces: Collection[str] = ()) -> Iterator[Path]:
    """A folder to write files into, which move into another one when the block ends, each in one step.

    If one cannot, all that were there before come back. Files of other names that lie there stay; and nothing
    beside the folder is touched, which may be all that its owner can write to.

    Args:
        folder: Where the files are to be. Made when it is missing, and removed again when the block fails.
        replaces: Patterns of names, such as ``*.txt``, of files that go when the new ones are there.

    Yields:
        Path of an empty folder in it.

    Raises:
        OSError: It cannot be written, it is a file, or a folder is in the place of a file in it.

    Example:
        >>> folder = getfixture("tmp_path") / "checkpoint"
        >>> with atomic_files(folder) as unfinished:
        ...     _ = (unfinished / "config.json").write_text("{}")
        >>> [path.name for path in folder.iterdir()]
        ['config.json']
    """
    target = Path(folder)
    missing = [path for path in (target, *target.parents) if not path.exists()]
    target.mkdir(parents=True, exist_ok=True)
    moved = False
    try:
        _remove_left_behind(target / FILES)
        unfinished, held = _make_unfinished(target / FILES)
        try:
            yield unfinished
            written = list(unfinished.iterdir())
            for path in written:
                _open_to_others(path, unfinished)
            exchange_files(written, target, replaces)
            moved = True
        finally:
            _give_up(unfinished, held)
    finally:
        if not moved:
            with suppress(OSError):  # others have written there, too
                for path in missing:
                    path.rmdir()


@contextmanager
def explain_write_errors(path: str | os.PathLike[str], *, kind: str = "files") -> Iterator[None]:
    """Turns an error of the system in its block into one that says what cannot be written where.

    Args:
        path: What is written in the block.
        kind: What it is, for the error: "a checkpoint".

    Raises:
        InputError: The disk is full, the place is read-only, a file where a folder should be, and the like.
    """
    try:
        yield
    except BrokenPipeError:  # nobody reads what the block prints
        raise
    except OSError as exc:
        advice = WRITE_ADVICE.get(exc.errno or 0, "Check the folder's rights and the free space")
        raise InputError(f"Cannot write {kind} to {str(path)!r}: {exc.strerror or exc}. {advice}.") from exc


def check_output_path(path: str | os.PathLike[str], *, suffixes: Collection[str], kind: str) -> Path:
    """Checks, before the work is done, that a file can be written to a path.

    Args:
        path: Where a file is to be written.
        suffixes: Endings that its name may have, in lower case and with their dots.
        kind: What is to be written, with its article, for the error: "an image".

    Returns:
        The path.

    Raises:
        InputError: The name has another ending, its folder does not exist, or it is a folder.
    """
    check_path("The path to write to", path)
    target = Path(path)
    if target.suffix.lower() not in suffixes:
        raise InputError(
            f"Cannot write {kind} to {str(path)!r}; expected a name that ends in {', '.join(suffixes)}."
        )
    if not target.parent.is_dir():
        raise InputError(
            f"Cannot write {str(path)!r}: the folder {str(target.parent)!r} does not exist. Create it."
        )
    if target.is_dir():
        raise InputError(f"Cannot write {str(path)!r}: it is a folder. Give the name of a file.")
    _check_rights(target.parent, path)
    return target


def check_output_folder(path: str | os.PathLike[str]) -> Path:
    """Checks, before the work is done, that files can be written into a folder.

    Args:
        path: The folder, which may be missing together with folders above it.

    Returns:
        The path.

    Raises:
        InputError: It, or what is in the place of a folder above it, is a file, or is not to be written to.
    """
    target = Path(path)
    nearest = next(folder for folder in (target, *target.absolute().parents) if folder.exists())
    if not nearest.is_dir():
        raise InputError(f"Cannot write into {str(path)!r}: {str(nearest)!r} is a file. Give a folder.")
    _check_rights(nearest, path)
    return target


def _check_rights(folder: Path, path: str | os.PathLike[str]) -> None:
    effective = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
        raise InputError(
            f"Cannot write {str(path)!r}: the folder {str(folder)!r} is read-only for you. "
            "Give a folder that you may write to."
        )


def _open_to_others(path: Path, folder: Path) -> None:
    """Gives a file that is its owner's alone the mode of any new file: safetensors makes it private.

    Args:
        path: The file; folders and missing files are left as they are.
        folder: Where a file may be made to see what mode the umask allows.
    """
    if not path.is_file() or path.is_symlink() or path.stat().st_mode & 0o077:
        return
    probe = folder / ".mode"
    os.close(os.open(probe, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    usual = probe.stat().st_mode
    probe.unlink()
    path.chmod(usual)


def _make_unfinished(target: Path) -> tuple[Path, int | None]:
    """Makes this writer's own folder, and holds it locked by the descriptor while it is alive."""
    while True:
        unfinished = Path(mkdtemp(prefix=f"{target.name}.", suffix=PARTIAL, dir=target.parent))
        if fcntl is None:
            return unfinished, None
        held = os.open(unfinished, os.O_RDONLY)
        with suppress(OSError):  # a file system without locks; then nothing is ever taken for left behind
            fcntl.flock(held, fcntl.LOCK_EX)
        if unfinished.exists():
            return unfinished, held
        os.close(held)  # another writer took it for left behind before it was locked


def _give_up(unfinished: Path, held: int | None) -> None:
    """Removes a writer's own folder with what is left in it, and lets its lock go."""
    shutil.rmtree(unfinished, ignore_errors=True)
    if held is not None:
        os.close(held)


def _remove_left_behind(target: Path) -> None:
    """Removes the unfinished folders of writers that are gone: those that nobody holds locked."""
    if fcntl is None:
        return
    name = re.compile(re.escape(target.name) + r"(\.\w{8})?" + re.escape(PARTIAL))
    for path in [path for path in target.parent.iterdir() if name.fullmatch(path.name)]:
        with suppress(OSError):  # it is held, or another writer has just removed it
            held = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(held)


def _sync(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
