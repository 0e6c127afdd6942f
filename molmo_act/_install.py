"""How this copy of molmo_act was installed, and the line for pip that adds an extra to it."""

from __future__ import annotations

import json
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

NAME = "molmo-act"


def install_command(extra: str | None = None) -> str:
    """Writes the line that installs what is missing, for a checkout, a wheel or a release.

    Args:
        extra: The extra of molmo-act that brings it; None for what molmo-act needs in any case.

    Returns:
        A command for a shell.
    """
    extras = "" if extra is None else f"[{extra}]"
    try:
        found = distribution(NAME)
    except PackageNotFoundError:  # a checkout on the path
        root = Path(__file__).parents[1]
        return _editable(root, extras) if (root / "pyproject.toml").is_file() else _release(extras)
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    if not origin:  # from an index
        return _release(extras)
    parts = urlsplit(str(origin.get("url")))
    place = Path(url2pathname(unquote(parts.path)))
    if parts.scheme == "file" and place.is_dir():
        editable = origin.get("dir_info", {}).get("editable")
        return _editable(place, extras) if editable else f'pip install "{place}{extras}"'
    if parts.scheme == "file" and not place.exists():  # the wheel is gone
        return _requirements(found, extra)
    return f'pip install "{NAME}{extras} @ {origin["url"]}"'


def _editable(root: Path, extras: str) -> str:
    return f'pip install --editable "{root}{extras}"'


def _release(extras: str) -> str:
    return f'pip install "{NAME}{extras}"' if extras else f"pip install {NAME}"


def _requirements(found: Distribution, extra: str | None) -> str:
    """Packages by their names, as the metadata of molmo-act list them."""
    wanted = []
    extras = extra.split(",") if extra else []
    for requirement in found.requires or ():
        package, _, condition = requirement.partition(";")
        of_one = any(f'extra == "{name}"' in condition for name in extras)
        if of_one if extras else "extra ==" not in condition:
            wanted.append(f'"{package.strip()}"')
    return " ".join(("pip install", *wanted))
