"""Renders composed pages into a folder, to learn from; a real browser lays them out.

`model.data.web.dataset` reads them back.

Run from the repository root; stopped at any moment, the same command goes on:
    python -m model.data.web.render --out .cache/html --count 3000
"""

from __future__ import annotations

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

from model._cli import command, make_parser, print_counts
from model.data.errors import SkippedRow
from model.data.random_blocks import RandomBlocks
from model.data.web.assets import PageAssets, load_page_assets
from model.data.web.browser import PageReader
from model.data.web.dataset import DEFAULT_FOLDER
from model.data.web.document import compose_page, draw_kind
from model.data.web.llm_author import KEY_VARIABLE, PageAuthor
from model.data.web.real_pages import save_page
from molmo_act.errors import PlatformError

SPLITS = ("train", "eval")
PAGES_PER_BROWSER = 50  # a browser that renders thousands of pages grows

# (width, height) in pixels and image pixels per CSS pixel of whole screens, 720p to 4K, and of telephones.
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
class Viewport:
    """What a page is looked at through.

    Attributes:
        width: Image pixels.
        height: Image pixels.
        scale: Image pixels per CSS pixel.
    """

    width: int
    height: int
    scale: float

    @property
    def css(self) -> tuple[int, int]:
        """Width and height in CSS pixels."""
        return round(self.width / self.scale), round(self.height / self.scale)


def draw_viewport(rand: RandomBlocks, sizes: str) -> Viewport:
    """Chooses a size.

    Args:
        rand: Source of all choices.
        sizes: "windows": 260 to 900 pixels per side, upright ones among them, one in eight a whole screen of
            about 1280 × 800; "screens": 720p to 4K, telephones and tablets; "all": half of each.

    Returns:
        The viewport.
    """
    if sizes == "all":
        sizes = rand.one_of(("windows", "screens"))
    if sizes == "screens":
        return Viewport(*rand.one_of(SCREENS))
    draw = rand.chance()
    if draw < 0.125:
        return Viewport(*rand.one_of(_COMMON))
    if draw < 0.3:
        width = 260 + rand.below(180)
        return Viewport(width, min(900, int(width * rand.between(1.3, 2.1))), 1.0)
    width = int(260 * (900 / 260) ** rand.chance())
    height = int(min(max(width / rand.between(0.85, 1.9), 210), 760))
    scale = rand.one_of((1.0,) * 9 + (1.25, 1.5, 2.0))
    return Viewport(width, height, scale if min(width, height) / scale >= _LEAST_CSS else 1.0)


@dataclass(frozen=True)
class PageSpec:
    """Which pages a run makes; a composed page depends on this and its number alone.

    Attributes:
        seed: Seed of all choices.
        split: "train" or "eval".
        sizes: See `draw_viewport`.
        writer: A language model that writes the pages; without one they are composed.
    """

    seed: int = 0
    split: str = "train"
    sizes: str = "windows"
    writer: PageAuthor | None = None

    def name(self, number: int) -> str:
        """Returns the file name of a page, without ending.

        Args:
            number: Number of the page.
        """
        maker = "written-" if self.writer else ""
        return f"{self.split}-{maker}{self.sizes}-{self.seed}-{number:05d}"

    def page(self, number: int, assets: PageAssets) -> tuple[str, Viewport]:
        """Makes a page.

        Args:
            number: Number of the page.
            assets: What composed pages are made of, and icons for written ones.

        Returns:
            The document, and what it is to be looked at through.

        Raises:
            SkippedRow: The writer gave no usable one.
            PlatformError: Nothing answers at the writer's address.
        """
        rand = RandomBlocks(np.random.default_rng((self.seed, SPLITS.index(self.split), number)))
        viewport = draw_viewport(rand, self.sizes)
        if self.writer is None:
            return compose_page(rand, assets, *viewport.css, self.split), viewport
        kind = draw_kind(rand, *viewport.css, self.split)
        topic, seed, icons = kind.__doc__ or "", rand.below(2**31), assets.style(rand)
        return self.writer.write(topic, *viewport.css, seed=seed, icons=icons), viewport


def render(
    spec: PageSpec, numbers: Sequence[int], out: Path, assets: PageAssets | None = None
) -> Generator[str]:
    """Renders the pages of some numbers that are not there yet, a PNG and a JSON file each.

    Args:
        spec: What to make.
        numbers: Numbers of the pages.
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
    assets = assets or load_page_assets(spec.split)
    missing = deque(number for number in numbers if not (out / f"{spec.name(number)}.json").exists())
    yield from ["there already"] * (len(numbers) - len(missing))
    while missing:
        with PageReader(trusted=spec.writer is None) as reader:
            for _ in range(min(PAGES_PER_BROWSER, len(missing))):
                number = missing.popleft()
                try:
                    html, viewport = spec.page(number, assets)
                except SkippedRow as reason:
                    yield f"left out: {reason}"
                    continue
                try:
                    outcome = _render_one(reader, html, viewport, out / spec.name(number))
                except PlatformError:
                    yield "left out: the browser failed"
                    break  # the rest goes to a new one
                yield outcome


def _render_one(reader: PageReader, html: str, viewport: Viewport, stem: Path) -> str:
    reader.resize(viewport.width, viewport.height, viewport.scale)
    screenshot, shown = reader.read_html(html)
    if len(shown.elements) < _FEWEST_ELEMENTS:
        return "left out: it shows too little"
    save_page(stem, screenshot, shown)
    return "rendered"


def render_all(
    spec: PageSpec, count: int, out: Path, workers: int, assets: PageAssets | None = None
) -> Iterator[str]:
    """Renders the first `count` pages of a spec with several browsers at once.

    Browsers are processes of their own, and composing takes a tenth of their time: threads are enough.

    Args:
        spec: What to make.
        count: How many pages.
        out: Folder to write to; made when missing.
        workers: How many browsers.
        assets: What the pages are made of instead of the split's own.

    Yields:
        What became of each page, see `render`.

    Raises:
        MissingExtraError: Playwright is not installed.
        PlatformError: See `render`; the first error of one browser ends all.
    """
    assets = assets or load_page_assets(spec.split)
    outcomes: SimpleQueue[str | None] = SimpleQueue()
    stop = Event()

    def work(numbers: Sequence[int]) -> None:
        try:
            with closing(render(spec, numbers, out, assets)) as pages:
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
    parser = make_parser(__doc__, prog="python -m model.data.web.render")
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
    writer = PageAuthor(args.writer, args.writer_model) if args.writer else None
    spec = PageSpec(args.seed, args.split, args.sizes, writer)
    outcomes = render_all(spec, args.count, args.out, args.workers)
    seen = Counter(track(outcomes, description="Rendering", total=args.count))
    print_counts(seen)
    print(args.out)


if __name__ == "__main__":
    sys.exit(main())
