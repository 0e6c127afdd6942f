"""Screens laid out by a real browser: pages are composed and rendered once into a folder, to learn from.

`model.data.html_pages` reads them back.

Run from the repository root; stopped at any moment, the same command goes on:
    python -m model.data.html_screens --out .cache/html --count 3000
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import numpy as np

from model.command import command
from model.data.dice import Dice
from model.data.html_pages import DEFAULT_FOLDER
from model.data.page_assets import PageAssets, load_page_assets
from model.data.page_html import compose_page, draw_kind
from model.data.page_reader import PageReader
from model.data.page_writer import KEY_VARIABLE, PageWriter
from model.data.pages import save_page
from model.data.skipping import SkippedRow
from molmo_act.errors import PlatformError

SPLITS = ("train", "eval")
PAGES_PER_BROWSER = 50  # a browser that renders thousands of pages grows

# (width, height) in pixels and picture pixels per CSS pixel of whole screens, 720p to 4K, and of telephones.
SCREENS = (
    *((1280, 720, 1.0), (1280, 800, 1.0), (1366, 768, 1.0), (1440, 900, 1.0), (1536, 864, 1.25)),
    *((1600, 900, 1.0), (1920, 1080, 1.0), (1920, 1080, 1.25), (1920, 1200, 1.5), (2560, 1440, 1.0)),
    *((2560, 1440, 1.5), (2560, 1600, 2.0), (2880, 1800, 2.0), (3440, 1440, 1.25), (3840, 2160, 1.5)),
    *((3840, 2160, 2.0), (3840, 2160, 3.0), (720, 1280, 2.0), (1080, 1920, 3.0), (1080, 2340, 3.0)),
    *((1170, 2532, 3.0), (1440, 3040, 4.0), (1536, 2048, 2.0), (2048, 1536, 2.0), (1620, 2160, 2.0)),
)
_COMMON = ((1280, 800, 1.0), (1280, 800, 1.25), (1280, 720, 1.0), (1024, 768, 1.0))
_FEWEST_ELEMENTS = 3  # a dialog has few
_LEAST_CSS = 200  # pixels; nothing is made for less


@dataclass(frozen=True)
class View:
    """What a page is looked at through.

    Attributes:
        width, height: Pixels of the picture.
        scale: Picture pixels per CSS pixel.
    """

    width: int
    height: int
    scale: float

    @property
    def css(self) -> tuple[int, int]:
        """Width and height in CSS pixels."""
        return round(self.width / self.scale), round(self.height / self.scale)


def draw_view(dice: Dice, sizes: str) -> View:
    """A size at random.

    Args:
        dice: Source of all choices.
        sizes: "windows": 260 to 900 pixels a side, upright ones among them, one in eight a whole screen of
            about 1280 × 800; "screens": 720p to 4K, telephones and tablets; "all": half of each.
    """
    if sizes == "all":
        sizes = dice.one_of(("windows", "screens"))
    if sizes == "screens":
        return View(*dice.one_of(SCREENS))
    draw = dice.chance()
    if draw < 0.125:
        return View(*dice.one_of(_COMMON))
    if draw < 0.3:
        width = 260 + dice.below(180)
        return View(width, min(900, int(width * dice.between(1.3, 2.1))), 1.0)
    width = int(260 * (900 / 260) ** dice.chance())
    height = int(min(max(width / dice.between(0.85, 1.9), 210), 760))
    scale = dice.one_of((1.0,) * 9 + (1.25, 1.5, 2.0))
    return View(width, height, scale if min(width, height) / scale >= _LEAST_CSS else 1.0)


@dataclass(frozen=True)
class Order:
    """Which pages a run makes; a composed page depends on this and its number alone.

    Attributes:
        seed: Of all choices.
        split: "train" or "eval".
        sizes: See `draw_view`.
        writer: A language model that writes the pages; without one they are composed.
    """

    seed: int = 0
    split: str = "train"
    sizes: str = "windows"
    writer: PageWriter | None = None

    def name(self, number: int) -> str:
        """File name of a page, without ending."""
        maker = "written-" if self.writer else ""
        return f"{self.split}-{maker}{self.sizes}-{self.seed}-{number:05d}"

    def page(self, number: int, assets: PageAssets) -> tuple[str, View]:
        """A page and what it is to be looked at through.

        Raises:
            SkippedRow: The writer gave no usable one.
            PlatformError: Nothing answers at the writer's address.
        """
        dice = Dice(np.random.default_rng((self.seed, SPLITS.index(self.split), number)))
        view = draw_view(dice, self.sizes)
        if self.writer is None:
            return compose_page(dice, assets, *view.css, self.split), view
        kind = draw_kind(dice, *view.css, self.split)
        wish, seed, icons = kind.__doc__ or "", dice.below(2**31), assets.style(dice)
        return self.writer.write(wish, *view.css, seed=seed, icons=icons), view


def render(
    order: Order, numbers: Sequence[int], out: Path, assets: PageAssets | None = None
) -> Generator[str]:
    """Render the pages of some numbers that are not there yet, a PNG and a JSON file each.

    Args:
        order: What to make.
        numbers: Of the pages.
        out: Folder to write to; made when missing.
        assets: What the pages are made of instead of the split's own.

    Yields:
        What became of each page: "rendered", "there already" or why it was left out.

    Raises:
        MissingExtraError: Playwright is not installed.
        PlatformError: There is no Chromium, icons or words have not been fetched, or nothing answers at the
            writer's address.
    """
    out.mkdir(parents=True, exist_ok=True)
    assets = assets or load_page_assets(order.split)
    missing = deque(number for number in numbers if not (out / f"{order.name(number)}.json").exists())
    yield from ["there already"] * (len(numbers) - len(missing))
    while missing:
        with PageReader(trusted=order.writer is None) as reader:
            for _ in range(min(PAGES_PER_BROWSER, len(missing))):
                number = missing.popleft()
                try:
                    html, view = order.page(number, assets)
                except SkippedRow as reason:
                    yield f"left out: {reason}"
                    continue
                try:
                    outcome = _render_one(reader, html, view, out / order.name(number))
                except PlatformError:
                    yield "left out: the browser failed"
                    break  # the rest goes to a new one
                yield outcome


def _render_one(reader: PageReader, html: str, view: View, stem: Path) -> str:
    reader.resize(view.width, view.height, view.scale)
    picture, shown = reader.read_html(html)
    if len(shown.elements) < _FEWEST_ELEMENTS:
        return "left out: it shows too little"
    save_page(stem, picture, shown)
    return "rendered"


def render_all(
    order: Order, count: int, out: Path, workers: int, assets: PageAssets | None = None
) -> Iterator[str]:
    """The first `count` pages of an order, by several browsers at once; see `render`.

    Browsers are processes of their own, and composing takes a tenth of their time: threads are enough.
    """
    assets = assets or load_page_assets(order.split)
    outcomes: SimpleQueue[str | None] = SimpleQueue()
    stop = Event()

    def work(numbers: Sequence[int]) -> None:
        try:
            with closing(render(order, numbers, out, assets)) as pages:
                for outcome in pages:
                    outcomes.put(outcome)
                    if stop.is_set():
                        return
        except BaseException:
            stop.set()
            raise
        finally:
            outcomes.put(None)

    with ThreadPoolExecutor(workers) as pool:
        shares = [pool.submit(work, range(count)[first::workers]) for first in range(workers)]
        try:
            for _ in shares:
                yield from iter(outcomes.get, None)
            for share in shares:
                share.result()
        finally:
            stop.set()


@command
def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m model.data.html_screens",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_FOLDER,
        help="folder for PNG and JSON files (default: %(default)s)",
    )
    parser.add_argument("--count", type=int, default=3000, help="pages (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--split", choices=SPLITS, default="train", help="(default: %(default)s)")
    parser.add_argument(
        "--sizes",
        choices=("windows", "screens", "all"),
        default="windows",
        help="windows: 260 to 900 pixels a side; screens: 720p to 4K (default: %(default)s)",
    )
    parser.add_argument("--workers", type=int, default=1, help="browsers at once (default: %(default)s)")
    parser.add_argument(
        "--writer",
        metavar="URL",
        help="let a language model write the pages: address of an "
        "OpenAI-compatible endpoint, such as http://localhost:8000/v1; its key is read from "
        f"the environment variable {KEY_VARIABLE}",
    )
    parser.add_argument("--writer-model", metavar="NAME", help="the model's name there")
    args = parser.parse_args()
    from rich.progress import track

    if min(args.count, args.workers) < 1:
        parser.error("--count and --workers are at least 1")
    if (args.writer is None) != (args.writer_model is None):
        parser.error("--writer and --writer-model are needed together")
    writer = PageWriter(args.writer, args.writer_model) if args.writer else None
    order = Order(args.seed, args.split, args.sizes, writer)
    outcomes = render_all(order, args.count, args.out, args.workers)
    seen = Counter(track(outcomes, description="Rendering", total=args.count))
    for outcome, number in seen.items():
        print(f"{outcome}: {number}")
    print(args.out)


if __name__ == "__main__":
    sys.exit(main())
