"""Moves files into a folder in the place of others: all of them, or none."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Sequence
from pathlib import Path


def exchange_files(written: Sequence[Path], target: Path, replaces: Collection[str]) -> None:
    """Moves files into a folder, and those that they replace away; or, if one cannot, none.

    Args:
        written: Files, all of one folder that is going to be removed, on the file system of the other.
        target: The folder.
        replaces: Patterns of names of other files in it that go.

    Raises:
        OSError: A file cannot be moved, or a folder is in its place; all are as they were before.
    """
    new = {path.name for path in written}
    stale = [path for pattern in replaces for path in target.glob(pattern) if path.name not in new]
    for path in [*(target / name for name in new), *stale]:
        if path.is_dir() and not path.is_symlink():
            raise IsADirectoryError(errno.EISDIR, f"{os.strerror(errno.EISDIR)}: {path.name}")
    if not written:
        return
    aside = written[0].parent / ".replaced"
    aside.mkdir()
    try:
        for path in written:
            place = target / path.name
            if os.path.lexists(place):
                _keep(place, aside / path.name)
            os.replace(path, place)
        for path in stale:
            os.replace(path, aside / path.name)
    except BaseException:
        for path in written:
            if not path.exists():  # it has moved
                (target / path.name).unlink(missing_ok=True)
        for path in aside.iterdir():
            os.replace(path, target / path.name)
        raise


def _keep(path: Path, aside: Path) -> None:
    """Keeps a file under a second name, so that it is never missing under its own."""
    try:
        os.link(path, aside, follow_symlinks=False)
    except OSError:  # a file system without links, or a file of somebody else's
        os.replace(path, aside)
