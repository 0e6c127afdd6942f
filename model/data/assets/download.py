"""Fetches openly licensed drawings and photographs, and makes the archive that scenes are composed of.

    python -m model.data.assets.download            # npm and apt-get download; nothing is installed
    python -m model.data.assets.download --without-debian

Packages are unpacked below `.cache/assets/packages`, the archive is written to `.cache/assets/pictures`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from model._cli import command
from model.data.assets.npm import fetch_package, unpack
from model.data.assets.rasterize import (
    RawDrawing,
    emoji_categories,
    iconify_sources,
    stamp_sources,
    write_photos,
    write_sprites,
)
from model.data.paths import ASSETS, SPRITE_FOLDER, table_sections
from molmo_act.cli._writing import Parser
from molmo_act.errors import PlatformError

# Package with its version, and what the drawing style is called in the archive.
EMOJI_SETS = {
    "noto": "@iconify-json/noto@1.2.9",  # Apache-2.0
    "noto-v1": "@iconify-json/noto-v1@1.2.5",  # Apache-2.0
    "fluent-flat": "@iconify-json/fluent-emoji-flat@1.2.6",  # MIT
    "fluent": "@iconify-json/fluent-emoji@1.2.7",  # MIT
    "emojione": "@iconify-json/emojione@1.2.3",  # CC-BY-4.0
    "twemoji": "@iconify-json/twemoji@1.2.5",  # CC-BY-4.0, for evaluation only
}
_CATEGORIES_FROM = ("twemoji", "fluent-flat", "noto-v1", "noto")  # later ones win
STAMPS = "tuxpaint-stamps-default"  # GPL-2
PACKAGES = ASSETS / "packages"


def _run(command: list[str], folder: Path) -> str:
    if shutil.which(command[0]) is None:
        raise PlatformError(
            f"{command[0]!r} is not on this machine; it fetches the drawings. Install it first."
        )
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PlatformError(
            f"{' '.join(command)} failed with {done.returncode}: {done.stderr.strip()[-400:]}"
        )
    return done.stdout


def fetch_debian(package: str, folder: Path) -> Path:
    """Unpacks a Debian package below `folder` unless it is there already; installs nothing.

    Args:
        package: Name of the package.
        folder: Where packages are unpacked.

    Returns:
        The folder that stands for the root of the file system.

    Raises:
        PlatformError: apt-get or dpkg is missing or the download failed.
    """
    target = folder / f"debian-{package}"
    if not (target / "usr").is_dir():
        target.mkdir(parents=True, exist_ok=True)
        _run(["apt-get", "download", package], target)
        for file in target.glob("*.deb"):
            _run(["dpkg", "-x", str(file), str(target)], target)
            file.unlink()
    return target


def _photo_files(folder: Path, names: set[str]) -> list[Path]:
    """One file for each name: `NAME.jpg`, or the first image of a wallpaper folder called NAME."""
    found: dict[str, Path] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() not in {".jpg", ".png", ".webp"} or file.is_symlink():
            continue
        name = file.parts[-4] if file.parent.name == "images" else file.stem
        if name in names:
            found.setdefault(name, file)
    return [found[name] for name in sorted(found)]


def fetch_sources(folder: Path, *, debian: bool = True) -> tuple[list[RawDrawing], list[Path]]:
    """Fetches every named drawing and every background photograph of the packages.

    Args:
        folder: Where packages are unpacked.
        debian: Whether to fetch the Debian packages too.

    Returns:
        The drawings before they are rasterized, and the files of the photographs.

    Raises:
        PlatformError: A package could not be fetched.
    """
    packages = {
        style: unpack(fetch_package(package, folder), folder) for style, package in EMOJI_SETS.items()
    }
    categories: dict[str, str] = {}
    for style in _CATEGORIES_FROM:
        categories.update(emoji_categories(packages[style]))
    sources = [s for style, package in packages.items() for s in iconify_sources(package, style, categories)]
    photos: list[Path] = []
    if debian:
        sources += stamp_sources(fetch_debian(STAMPS, folder) / "usr/share/tuxpaint/stamps")
        for package, lines in table_sections("backgrounds.txt").items():
            photos += _photo_files(fetch_debian(package, folder) / "usr/share", set(" ".join(lines).split()))
    return sources, photos


@command
def main(arguments: list[str] | None = None) -> None:
    """Fetches, rasterizes and prints what there is.

    Args:
        arguments: The command line without the program's name; `sys.argv` unless given.
    """
    parser = Parser(description="Fetch named drawings and make the archive that scenes are drawn from.")
    parser.add_argument("--folder", type=Path, default=SPRITE_FOLDER, help="where to write the archive")
    parser.add_argument("--packages", type=Path, default=PACKAGES, help="where to unpack packages")
    parser.add_argument("--without-debian", action="store_true", help="npm packages only")
    parser.add_argument("--again", action="store_true", help="make the archive even if there is one")
    given = parser.parse_args(arguments)
    if (given.folder / "sprites.json").is_file() and not given.again:
        print(f"{given.folder} is there already; --again makes it anew.", file=sys.stderr)
        return
    sources, photos = fetch_sources(given.packages, debian=not given.without_debian)
    n_photos = write_photos(photos, given.folder)
    drawings = write_sprites(sources, given.folder)
    nouns = {drawing.noun for drawing in drawings}
    print(f"{len(drawings)} drawings of {len(nouns)} nouns and {n_photos} photographs in {given.folder}")


if __name__ == "__main__":
    sys.exit(main())
