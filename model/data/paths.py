"""Where downloaded, rendered and generated data are kept, and the plain-text tables of this folder."""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "MOLMO_ACT_CACHE"
"""Environment variable that names another cache folder."""


def cache_folder() -> Path:
    """Returns the folder for everything that is fetched, rendered or made once.

    It is what `CACHE_VARIABLE` names; otherwise `.cache` in the root of the repository where that exists;
    otherwise the user's cache folder, for example `~/.cache/molmo-act` on Linux.
    """
    if named := os.environ.get(CACHE_VARIABLE):
        return Path(named).expanduser()
    in_checkout = Path(__file__).resolve().parents[2] / ".cache"
    if in_checkout.is_dir():
        return in_checkout
    try:
        import platformdirs
    except ModuleNotFoundError:  # a command must say its options without the extra `train`
        return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "molmo-act"
    return platformdirs.user_cache_path("molmo-act")


CACHE = cache_folder()
ASSETS = CACHE / "assets"
"""Packages from npm and Debian, and the archives made of them."""
SPRITE_FOLDER = ASSETS / "pictures"
"""The archive of drawings and photographs, see `model.data.scenes.sprite_library`."""
ICON_FILE = ASSETS / "ui_icons.npz"
"""The archive of icon masks, see `model.data.screens.icons`."""
NAMED_ICON_FILE = ASSETS / "named_icons.npz"
"""The archive of icon masks by name, see `model.data.assets.named_icons`."""
WORD_FILE = ASSETS / "english_words.txt"
"""One English word a line, common ones first."""

_TABLES = Path(__file__).parent / "tables"


def table_lines(name: str) -> list[str]:
    """Reads the lines of a table, without comments and empty lines.

    Args:
        name: File name in `model/data/tables`.

    Returns:
        The lines, stripped, in the order of the file.
    """
    lines = (_TABLES / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def table_sections(name: str) -> dict[str, list[str]]:
    """Reads the lines below each `[heading]` of a table, without comments and empty lines.

    Args:
        name: File name in `model/data/tables`.

    Returns:
        Heading → lines. Lines before the first heading are under "".
    """
    sections: dict[str, list[str]] = {}
    heading = ""
    for line in table_lines(name):
        if line.startswith("[") and line.endswith("]"):
            heading = line[1:-1]
        else:
            sections.setdefault(heading, []).append(line)
    return sections
