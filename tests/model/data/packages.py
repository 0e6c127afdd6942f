"""Packages as npm packs them."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path


def pack(path: Path, files: dict[str, object]) -> Path:
    """An archive of JSON files below package/."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            stored = json.dumps(content).encode()
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(stored)
            tar.addfile(entry, io.BytesIO(stored))
    return path
