"""Runs Blender in a virtual environment of its own: `python -m model.data.rendered3d.blender_env` makes it.

Its wheel fits one version of Python and an older numpy than this project's, so nothing of it is imported:
what is to be rendered goes to its Python as folders, see `blender_script`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from model._cli import command
from model.data.paths import CACHE
from molmo_act.cli._writing import Parser
from molmo_act.errors import PlatformError

FOLDER = CACHE / "blender"
PACKAGES = ("bpy==5.0.1", "numpy==1.26.4", "OpenEXR==3.5.3")
PYTHON = "python3.11"  # the only one that this bpy is built for
_SCRIPT = Path(__file__).with_name("blender_script.py")
_FRAME_DONE = "scene: frame"
_LAST_CHARACTERS = 1500  # characters of what Blender output, when it fails


def make_environment(folder: Path = FOLDER) -> None:
    """Makes the environment, about 1 GB; needs a network.

    Args:
        folder: Where it goes.

    Raises:
        PlatformError: There is no Python of the right version, or pip could not install the packages.
    """
    python = (
        sys.executable
        if f"python{sys.version_info[0]}.{sys.version_info[1]}" == PYTHON
        else shutil.which(PYTHON)
    )
    if python is None:
        raise PlatformError(f"{PACKAGES[0]} needs {PYTHON}, which is not on the PATH; install it.")
    for step in (
        [python, "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", *PACKAGES],
    ):
        if subprocess.run(step).returncode:
            raise PlatformError(f"This command failed, see above: {' '.join(step)}")
    (folder / "ready").touch()


class Blender:
    """A running Blender; a context manager.

    Args:
        folder: Its environment.

    Raises:
        PlatformError: The environment has not been made.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        python = folder / "bin" / "python"
        if not (folder / "ready").is_file():
            raise PlatformError(
                f"There is no Blender in {folder}. Make its environment (1 GB) with: "
                "python -m model.data.rendered3d.blender_env"
            )
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        # -P keeps the modules beside the script, some named like those of the standard library, off its path.
        self._process = subprocess.Popen(
            [str(python), "-P", "-W", "ignore", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            errors="replace",
        )

    def __enter__(self) -> Blender:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def render(self, folder: Path, frames: int) -> Iterator[int]:
        """Renders the scene whose spec lies in a folder.

        Args:
            folder: Holds scene.json; the frames are written beside it.
            frames: How many frames it has.

        Yields:
            How many frames are done, after each.

        Raises:
            PlatformError: Blender ended before it was done; the message has its last output.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        output: list[str] = []
        try:
            print(folder, file=self._process.stdin, flush=True)
            for done in range(1, frames + 1):
                while (line := self._process.stdout.readline()).strip() != _FRAME_DONE:
                    if not line:
                        raise PlatformError(self._why_ended(output))
                    output.append(line)
                yield done
        except BrokenPipeError as exc:
            raise PlatformError(self._why_ended(output)) from exc

    def _why_ended(self, output: list[str]) -> str:
        code = self._process.wait()
        self._log.seek(0)
        last = ("".join(output) + self._log.read())[-_LAST_CHARACTERS:]
        return f"Blender ended with status {code} while it rendered. It output last:\n{last}"


@command
def main() -> None:
    """Command line."""
    parser = Parser(description="Makes the environment of Blender, 1 GB, from the network.")
    parser.parse_args()
    make_environment()
    print(FOLDER)


if __name__ == "__main__":
    sys.exit(main())
