"""Starts a virtual display, for machines without a screen: Xvfb and the window manager openbox."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from molmo_act.errors import InputError, PlatformError

START_SECONDS = 15.0
LARGEST_SIDE = 32_767  # what X11 can count
COOKIE_BYTES, COOKIE_KIND = 16, b"MIT-MAGIC-COOKIE-1"
FAMILY_LOCAL, FAMILY_WILD = 256, 65535  # of addresses in an X access file
ATTEMPTS = 3
"""Where displays come and go at the same moment, one can be unreachable as soon as it is there: a server that
ends takes its socket away by name, also when that name is another's by then."""
APT_PACKAGE_OF = {"Xvfb": "xvfb", "openbox": "openbox", "xprop": "x11-utils"}


@contextmanager
def virtual_display(width: int = 1280, height: int = 800) -> Iterator[str]:
    """Starts a display and makes it the display of this process until the end of the block.

    Only programs that read the file in XAUTHORITY can use it, which are those of this user. Sets DISPLAY and
    XAUTHORITY and takes WAYLAND_DISPLAY away meanwhile. pyautogui keeps the display of its
    first import, so open this before anything is clicked, and only once in a process.

    Args:
        width: Pixels from left to right.
        height: Pixels from top to bottom.

    Yields:
        The name of the display, such as ``":99"``.

    Raises:
        PlatformError: Xvfb, openbox or xprop is missing or does not start.
        InputError: The size is not positive.
    """
    if not all(isinstance(side, int) and 0 < side <= LARGEST_SIDE for side in (width, height)):
        raise InputError(f"A display needs a positive size in whole pixels, got {width!r}×{height!r}.")
    _require_programs()
    for attempt in range(1, ATTEMPTS + 1):
        with ExitStack() as stack:
            try:
                display = stack.enter_context(_display(width, height))
            except PlatformError:
                if attempt == ATTEMPTS:
                    raise
                continue
            yield display
            return


@contextmanager
def _display(width: int, height: int) -> Iterator[str]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="display-")))
        cookie, access_file = secrets.token_bytes(COOKIE_BYTES), folder / "Xauthority"
        _write_access_file(access_file, cookie, "")  # for the server, which has no number yet
        display = stack.enter_context(_xvfb(width, height, folder / "xvfb.log", access_file))
        _write_access_file(access_file, cookie, display.removeprefix(":"))
        changes = {"DISPLAY": display, "XAUTHORITY": str(access_file), "WAYLAND_DISPLAY": None}
        stack.enter_context(_environment(changes))
        stack.enter_context(_openbox(folder / "openbox.log"))
        yield display


def _write_access_file(path: Path, cookie: bytes, number: str) -> None:
    """Writes who may use a display: who can read this file, which is its owner alone.

    Args:
        path: Of the file.
        cookie: What clients show the server.
        number: Of the display; "" for any.
    """
    entries = [(FAMILY_LOCAL, socket.gethostname().encode()), (FAMILY_WILD, b"")]
    content = b""
    for family, address in entries:
        content += struct.pack(">H", family)
        for part in (address, number.encode(), COOKIE_KIND, cookie):
            content += struct.pack(">H", len(part)) + part
    unfinished = path.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    unfinished.replace(path)


def _require_programs() -> None:
    missing = [program for program in APT_PACKAGE_OF if shutil.which(program) is None]
    if missing:
        packages = " ".join(APT_PACKAGE_OF[program] for program in missing)
        raise PlatformError(
            f"A virtual display needs {', '.join(missing)}. Install with: apt install {packages}"
        )


@contextmanager
def _xvfb(width: int, height: int, log: Path, access_file: Path) -> Iterator[str]:
    read_end, write_end = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write_end),
        "-screen",
        "0",
        f"{width}x{height}x24",
        "-nolisten",
        "tcp",
        "-auth",
        str(access_file),
    ]
    with open(read_end, "rb") as number, _running(command, log, pass_fds=(write_end,)) as server:
        os.close(write_end)
        line = number.readline()  # the free number it chose; empty if it ended instead
        if not line:
            server.wait(START_SECONDS)
            raise PlatformError(f"Xvfb did not start: {log.read_text(errors='replace').strip()}")
        yield f":{int(line)}"


@contextmanager
def _openbox(log: Path) -> Iterator[None]:
    with _running(["openbox", "--sm-disable"], log) as manager:
        deadline = time.monotonic() + START_SECONDS
        while not _is_managed():
            if manager.poll() is not None or time.monotonic() > deadline:
                raise PlatformError(f"openbox did not start: {log.read_text(errors='replace').strip()}")
            time.sleep(0.05)
        yield


def _is_managed() -> bool:
    query = subprocess.run(
        ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"], capture_output=True, text=True, check=False
    )
    return "window id" in query.stdout


@contextmanager
def _running(
    command: list[str], log: Path, pass_fds: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a program until the end of the block, its output in a file."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, pass_fds=pass_fds)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _environment(changes: dict[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    try:
        _set_environment(changes)
        yield
    finally:
        _set_environment(before)


def _set_environment(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
