"""Tells what a path, a URL or bytes stand for: a file on this machine, or the content of one.

A `pathlib.Path` is always a file. A `str` is a file, a ``file://`` URL or a ``data:`` URL. Nothing is ever
downloaded here; `molmo_act.io.download.fetch_image` does that where it is asked to.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from molmo_act.errors import ImageError, InputError
from molmo_act.io.image_file import looks_like_image
from molmo_act.validation import is_path

if TYPE_CHECKING:
    from typing_extensions import TypeIs

FileSource: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO"
"""A file: its path, a ``file://`` or ``data:`` URL, its content, or a binary file object."""

_DATA_URL = re.compile(r"data:([^,]*),", re.IGNORECASE)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+)://")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{32}[A-Za-z0-9+/\s]*={0,2}\s*")
_SHOWN = 100  # characters of a path or URL in an error


def is_file_source(value: object) -> TypeIs[FileSource]:
    """Tells whether a value can stand for a file.

    Args:
        value: Anything.

    Returns:
        True for paths, URLs, bytes and file objects; whether anything is there is not looked at.
    """
    return is_path(value) or isinstance(value, (bytes, bytearray, memoryview)) or _is_file_object(value)


def url_scheme(value: object) -> str:
    """Reads the scheme of a URL.

    Args:
        value: Anything.

    Returns:
        The scheme in lower case, such as "https" or "data"; "" for what is no URL, and for every
        `pathlib.Path`.
    """
    if not isinstance(value, str):
        return ""
    if _DATA_URL.match(value):
        return "data"
    found = _SCHEME.match(value)
    return found[1].lower() if found else ""


def local_path(value: object) -> Path | None:
    """Finds the place on this machine that a value names.

    Args:
        value: Anything.

    Returns:
        The path, of a path or a ``file://`` URL, whether anything is there or not; None for all else, and for
        an empty text.

    Raises:
        InputError: It is a ``file://`` URL of another machine, or none that can be read.
    """
    if not isinstance(value, (str, os.PathLike)) or value == "":
        return None
    scheme = url_scheme(value)
    if scheme == "file":
        return _file_url(str(value), "File", InputError)
    return None if scheme else Path(value)


def locate(source: FileSource, *, kind: str, expected: str) -> Path | bytes:
    """Finds the file that a source stands for.

    Args:
        source: A path, a ``file://`` or ``data:`` URL, bytes, or a binary file object, which is read from its
            beginning.
        kind: What the file should hold, for errors: "image" or "video".
        expected: What was expected, a phrase for errors.

    Returns:
        Path of a regular file that is not empty; or content.

    Raises:
        ImageError: There is no such file, and an image was expected.
        InputError: There is no such file, and something else was expected.
    """
    error = ImageError if kind == "image" else InputError
    noun = kind.capitalize()
    if isinstance(source, (str, os.PathLike)):
        return _locate_path(source, noun, expected, error)
    content = _content(source, noun, error)
    if not content:
        raise error(f"{noun} given as bytes is empty (0 bytes); {expected}.")
    return content


def describe(source: FileSource) -> str:
    """Names a source in an error.

    Args:
        source: See `locate`.

    Returns:
        A short phrase in one line.
    """
    if isinstance(source, (str, os.PathLike)):
        return repr(_shortened(os.fspath(source)))
    if isinstance(source, (bytes, bytearray)):
        return f"given as {len(source)} bytes"
    name = getattr(source, "name", None)
    if not isinstance(name, str) or not name:  # unpacking streams have an empty one
        return f"given as a {type(source).__name__}"
    return repr(_shortened(name))


def _is_file_object(value: object) -> bool:
    return callable(getattr(value, "read", None)) and not isinstance(value, io.TextIOBase)


def _locate_path(
    source: str | os.PathLike[str], noun: str, expected: str, error: type[InputError]
) -> Path | bytes:
    text = os.fspath(source)
    if isinstance(text, bytes):
        raise error(f"The {noun.lower()} path was given as bytes; expected str or pathlib.Path.")
    if not text:
        raise error(f"An empty string was given as {noun.lower()} path; expected the path of a file.")
    scheme = url_scheme(source)
    if scheme == "data":
        return _data_url(text, noun, error)
    if scheme == "file":
        return _checked(_file_url(text, noun, error), text, noun, expected, error)
    if scheme:
        raise error(f"{noun} {_shortened(text)!r} is a URL, {_advice(scheme, noun)}")
    return _checked(Path(source), text, noun, expected, error)


def _advice(scheme: str, noun: str) -> str:
    if scheme in ("http", "https") and noun == "Image":
        return "and nothing is downloaded unasked; give molmo_act.fetch_image(url), or download it first."
    return "which is not read from here; download it first and give the path of the file."


def _data_url(text: str, noun: str, error: type[InputError]) -> bytes:
    header, _, payload = text.partition(",")
    try:
        content = unquote_to_bytes(payload)
    except UnicodeEncodeError as exc:
        raise error(
            f"{noun} given as a data URL of {len(text)} characters holds a lone surrogate, half of a "
            "character; expected base64 behind a comma."
        ) from exc
    if header.lower().endswith(";base64"):
        content = b"".join(content.split())
        try:
            content = base64.b64decode(content + b"=" * (-len(content) % 4), validate=True)
        except binascii.Error as exc:
            raise error(
                f"{noun} given as a data URL of {len(text)} characters is not base64 ({exc}); it may be cut."
            ) from exc
    if not content:
        raise error(
            f"{noun} {_shortened(text)!r} is a data URL without data; expected base64 behind a comma."
        )
    return content


def _file_url(text: str, noun: str, error: type[InputError]) -> Path:
    try:
        parts = urlsplit(text)
    except ValueError as exc:
        raise error(f"{noun} {_shortened(text)!r} is no URL ({exc}); expected file:///path.") from exc
    if parts.netloc not in ("", "localhost"):
        raise error(
            f"{noun} {_shortened(text)!r} lies on another machine, {parts.netloc!r}; expected file:///path."
        )
    return Path(url2pathname(parts.path))


def _checked(path: Path, text: str, noun: str, expected: str, error: type[InputError]) -> Path:
    given = f"{noun} {_shortened(text)!r}"
    try:
        info = path.stat()
    except (OSError, ValueError) as exc:
        if _is_base64(text):
            raise error(
                f"{given} is base64 text, not a path; give base64.b64decode(text), or a data URL: "
                "'data:;base64,' + text."
            ) from exc
        if isinstance(exc, FileNotFoundError):
            raise error(f"{given} does not exist; {expected}. Check the path.") from exc
        raise error(f"{given} cannot be reached ({_reason(exc)}). Check the path.") from exc
    if stat.S_ISDIR(info.st_mode):
        raise error(f"{given} is a folder; {expected}. Give one file at a time.")
    if not stat.S_ISREG(info.st_mode):
        raise error(f"{given} is not a regular file; {expected}. Save it to a file first.")
    if info.st_size == 0:
        raise error(f"{given} is empty (0 bytes); {expected}. Copy or download it again.")
    return path


def _reason(exc: OSError | ValueError) -> str:
    """Why a path cannot be reached, without the path, which may be long."""
    return getattr(exc, "strerror", None) or str(exc)


def _is_base64(text: str) -> bool:
    return _BASE64.fullmatch(text) is not None and looks_like_image(base64.b64decode(text[:32]))


def _content(source: bytes | bytearray | memoryview | BinaryIO, noun: str, error: type[InputError]) -> bytes:
    try:
        content = _read(source)
    except Exception as exc:  # file objects fail with nearly every type of exception, such as LZMAError
        raise error(
            f"{noun} {describe(source)} cannot be read ({exc}); expected an open file that is whole."
        ) from exc
    if not isinstance(content, bytes):
        raise error(
            f"{noun} {describe(source)} gives {type(content).__name__}; expected a file in binary mode."
        )
    return content


def _read(source: bytes | bytearray | memoryview | BinaryIO) -> object:
    """What the source holds, whatever of it was read before."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if isinstance(source, io.BytesIO):
        return source.getvalue()  # wherever it was written or read to
    if can_go_back(source):
        source.seek(0)
    return source.read()


def can_go_back(source: BinaryIO) -> bool:
    """Tells whether a file object can be read twice.

    Args:
        source: The file object; one that is closed cannot.

    Returns:
        Whether it can go back to its beginning.
    """
    try:
        return source.seekable() if hasattr(source, "seekable") else hasattr(source, "seek")
    except Exception:  # it is closed, or not much of a file
        return False


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
