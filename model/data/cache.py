"""Where what is fetched, rendered and made once is kept."""

from __future__ import annotations

from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache"
"""In the root of the repository, which does not keep it."""
