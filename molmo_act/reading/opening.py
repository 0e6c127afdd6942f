"""open_reader(): from the name of a reader, or a reader, to one that a model can rely on."""

from __future__ import annotations

import os

from molmo_act.errors import InputError
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.names import check_reader, expected_readers
from molmo_act.reading.reader import TextReader


def named_reader(name: str) -> TextReader:
    """Opens a reader that has a name.

    Args:
        name: One of `molmo_act.reading.names.READER_NAMES`.

    Returns:
        The reader, which raises what goes wrong.

    Raises:
        InputError: The name is unknown.
        MissingExtraError: The reader's package is not installed.
        PlatformError: The reader cannot be started here.
    """
    check_reader(name)
    from molmo_act.reading.rapidocr_reader import RapidOcrReader

    return RapidOcrReader()


def open_reader(reader: str | TextReader | GuardedReader | None) -> GuardedReader | None:
    """Opens a reader, guarded against its faults.

    Args:
        reader: A name of `molmo_act.reading.names.READER_NAMES`, which is read by a process of its own where
            the system is POSIX; a reader of your own, or None for none.

    Returns:
        The guarded reader, or None.

    Raises:
        InputError: The name is unknown, or the object does not read.
        MissingExtraError: The reader's package is not installed.
        PlatformError: The reader cannot be started here.
    """
    if reader is None or isinstance(reader, GuardedReader):
        return reader
    if isinstance(reader, str):
        return GuardedReader(reader_apart(reader))
    if not isinstance(reader, TextReader) or isinstance(reader, type):
        raise InputError(
            f"reader is {str(reader)[:80]!r}; expected {expected_readers()}, or an object with name and "
            "read()."
        )
    return GuardedReader(reader)


def reader_apart(name: str) -> TextReader:
    """Opens a named reader in a process of its own, which begins to load; without POSIX in this one.

    Args:
        name: One of `molmo_act.reading.names.READER_NAMES`.

    Returns:
        The reader, which raises what goes wrong.

    Raises:
        InputError: The name is unknown.
        MissingExtraError: The reader's package is not installed.
        PlatformError: The reader cannot be started here.
    """
    check_reader(name)
    from molmo_act.reading.networks import find_networks
    from molmo_act.reading.process_reader import ProcessReader

    if os.name != "posix":
        return named_reader(name)
    find_networks()  # what is missing is said now
    reader = ProcessReader(name)
    reader.start()
    return reader
