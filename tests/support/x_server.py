"""A bare X server of a test's own, which may be ended: nothing manages its windows."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def x_server(folder: Path) -> Iterator[tuple[dict[str, str], subprocess.Popen[bytes]]]:
    """Starts one.

    Args:
        folder: For its access file, which is empty.

    Yields:
        The variables that name it to programs, and its process.
    """
    access = folder / "Xauthority"
    access.touch()
    read_end, write_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(write_end,), stderr=subprocess.DEVNULL) as server:
        os.close(write_end)
        try:
            with open(read_end) as number:
                name = f":{int(number.readline())}"
            yield {"DISPLAY": name, "XAUTHORITY": str(access)}, server
        finally:
            server.terminate()
