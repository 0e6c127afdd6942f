"""Fetches images that rows of a data set name by address: `python -m model.data.download pixmo-points-eval`.

    hf download allenai/pixmo-points-eval --repo-type dataset --local-dir /data/pixmo-points-eval
    python -m model.data.download pixmo-points-eval --data /data/pixmo-points-eval

Images lie in ``images/`` under the SHA-256 of their address. One is kept only when its own SHA-256 is that of
the row. Addresses are asked one after the other, each server with a pause in between; one that asks for
patience is left alone until the next time. What failed is noted in ``images/failed.jsonl`` and not asked
again without --again. The command can be stopped and started at any time, and says in the end of how many
rows there is an image.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from model._cli import command, make_parser
from model._missing import report_missing
from model.data.datasets.parquet import ImageFolder, decoded
from model.data.errors import SkippedRow
from molmo_act._optional import require_optional
from molmo_act.cli._arguments import above_zero, add_number, seconds
from molmo_act.errors import ImageError, InputError
from molmo_act.io.atomic import atomic_file
from molmo_act.io.download import fetch_image

SETS = {
    "pixmo-points-eval": ("allenai/pixmo-points-eval", "test"),
    "pixmo-count": ("allenai/pixmo-count", "test"),
}
"""Name → repository on the hub, and the split whose images are fetched."""
IMAGES, FAILED = "images", "failed.jsonl"
PAUSE = 1.0
_BUSY = ("429", "503", "Too Many Requests", "Service Unavailable")
"""What the reason of a server holds that asks to come again later."""


@dataclass(frozen=True)
class Wanted:
    """An image.

    Attributes:
        url: Its address.
        sha256: Of its file, in hexadecimal; None where the row does not say.
    """

    url: str
    sha256: str | None


def read_wanted(name: str, home: Path) -> list[Wanted]:
    """Reads which images the rows of a data set name, one for each row.

    Args:
        name: One of `SETS`.
        home: Folder of the data set.

    Raises:
        InputError: There are no rows, or they are damaged.
        MissingExtraError: pyarrow is not installed.
    """
    require_optional("pyarrow", extra="train", purpose="reading public data sets")
    from pyarrow import ArrowInvalid
    from pyarrow.parquet import ParquetFile

    hub, split = SETS[name]
    files = sorted(home.glob(f"**/{split}*.parquet"))
    if not files:
        raise InputError(
            f"{name} is not in {home}: no file {split}*.parquet. Download it there: hf download {hub} "
            f"--repo-type dataset --local-dir {home}"
        )
    found = []
    for path in files:
        try:
            table = ParquetFile(path)
            columns = [
                column for column in ("image_url", "image_sha256") if column in table.schema_arrow.names
            ]
            rows: list[Mapping[str, Any]] = table.read(columns=columns).to_pylist()
        except (ArrowInvalid, OSError) as exc:
            raise InputError(f"{path} is damaged ({exc}). Download it again.") from exc
        found += [Wanted(str(row.get("image_url")), row.get("image_sha256") or None) for row in rows]
    return found


@dataclass
class Download:
    """Fetches images into a folder.

    Attributes:
        folder: Where they lie.
        pause: Seconds between two requests to one server.
        timeout: Seconds for one image.
        fetch: Reads an address.
        outcomes: How many images ended how.
    """

    folder: Path
    pause: float = PAUSE
    timeout: float = 20.0
    fetch: Callable[..., bytes] = fetch_image
    outcomes: Counter[str] = field(default_factory=Counter)
    _asked: dict[str, float] = field(default_factory=dict)
    _resting: set[str] = field(default_factory=set)

    def run(self, wanted: list[Wanted], *, again: bool = False) -> None:
        """Fetches what is missing.

        Args:
            wanted: The images.
            again: Whether to ask addresses again that failed before.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        failed = self._failed()
        images = list({one.url: one for one in wanted}.values())
        for number, one in enumerate(images, 1):
            if self.has(one):
                self.outcomes["there"] += 1
            elif one.url in failed and not again:
                self.outcomes[failed[one.url]] += 1
            else:
                self.outcomes[self._get(one)] += 1
            if number % 20 == 0 or number == len(images):
                print(f"{number} of {len(images)} addresses", file=sys.stderr)

    def has(self, one: Wanted) -> bool:
        """Tells whether an image is there, with the right content."""
        path = ImageFolder(self.folder).path(one.url)
        try:
            return path.is_file() and _problem(path.read_bytes(), one.sha256) is None
        except OSError:
            return False

    def _get(self, one: Wanted) -> str:
        server = urlsplit(one.url).netloc
        if server in self._resting:
            return "server asks for patience"
        self._wait(server)
        try:
            data = self.fetch(one.url, timeout=self.timeout)
        except InputError as exc:  # ImageError among them
            if isinstance(exc, ImageError) and any(mark in str(exc) for mark in _BUSY):
                self._resting.add(server)
                return "server asks for patience"
            return self._note(one, "address does not answer")
        if problem := _problem(data, one.sha256):
            return self._note(one, problem)
        with atomic_file(ImageFolder(self.folder).path(one.url)) as partial:
            partial.write_bytes(data)
        return "fetched"

    def _wait(self, server: str) -> None:
        left = self._asked.get(server, float("-inf")) + self.pause - time.monotonic()
        if left > 0:
            time.sleep(left)
        self._asked[server] = time.monotonic()

    def _note(self, one: Wanted, problem: str) -> str:
        line = json.dumps({"url": one.url, "problem": problem}) + "\n"
        with (self.folder / FAILED).open("a", encoding="utf-8") as file:
            file.write(line)
        return problem

    def _failed(self) -> dict[str, str]:
        """Address → why it failed; half a line of a killed run is none."""
        path, found = self.folder / FAILED, {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                said = json.loads(line)
                found[str(said["url"])] = str(said["problem"])
            except (ValueError, KeyError, TypeError):
                continue
        return found


def _problem(data: bytes, sha256: str | None) -> str | None:
    """Why a file is not the image of its row; None where it is."""
    if sha256 is not None:
        right = hashlib.sha256(data).hexdigest() == sha256.lower()
        return None if right else "image has changed since it was annotated"
    try:
        decoded(data)
    except SkippedRow:
        return "no image"
    return None


@command
def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = make_parser(__doc__, prog="python -m model.data.download")
    parser.add_argument("name", choices=SETS, metavar="SET", help=", ".join(SETS))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the data set")
    add_number(parser, "--pause", seconds, "S", "between two requests to one server", default=PAUSE)
    add_number(parser, "--timeout", above_zero, "S", "for one image", default=20.0)
    parser.add_argument("--again", action="store_true", help="ask addresses again that failed before")
    args = parser.parse_args(arguments)
    wanted = read_wanted(args.name, args.data)
    download = Download(args.data / IMAGES, args.pause, args.timeout)
    try:
        download.run(wanted, again=args.again)
    finally:
        for outcome, number in download.outcomes.most_common():
            print(f"{outcome}: {number:,}")
        there = sum(download.has(one) for one in wanted)
        share = 100 * there / max(1, len(wanted))
        print(f"{there:,} of {len(wanted):,} rows have their image ({share:.0f} %)")


if __name__ == "__main__":
    report_missing()
    sys.exit(main())
