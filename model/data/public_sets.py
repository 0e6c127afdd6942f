"""The public data sets that pointing models are taught with, in their own schemas; knows rows, no tokens.

Each set lies as it is downloaded from the hub, in a folder of its name below one folder for all:

    pixmo-points/data/train-00000-of-00008.parquet
    pixmo-points/images/<SHA-256 of the address>

Which columns a set has is written at the function that reads its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.data.public_films import VideoFolder, object_tracks, video_points, video_tracks
from model.data.public_rows import ParquetRows, PictureFolder, decoded
from model.data.sample import POINTS_HERE, Film, Picture, Query, Said, Target
from model.data.skipping import SkippedRow, refuse_control_tokens, row_as_expected
from molmo_act.errors import InputError

Row = Mapping[str, Any]
Reader = Callable[[Row, PictureFolder, np.random.Generator], Picture]
FilmReader = Callable[[Row, VideoFolder, np.random.Generator], Film]

INTENT_RATE = 0.8
"""How often GUISyn asks for an element by one of its intents instead of its name."""
CLOCK_BAND = 120
"""Rows of pixels at the bottom of every picture of a clock that show nothing."""


def pixmo_points(row: Row, pictures: PictureFolder, rng: np.random.Generator) -> Picture:
    """`image_url`, `image_sha256`, `label`, `points` [{x, y} per cent], `count`, `collection_method`.

    The last three are single values, or lists of equal length where rows of one picture were put together.
    "counting" rows ask how many there are, and are answered with points and their number.
    """
    image = pictures.read(row)
    single = isinstance(row["label"], str)
    labels, places = ([row["label"]], [row["points"]]) if single else (row["label"], row["points"])
    methods = row["collection_method"]
    methods = [methods] * len(labels) if isinstance(methods, str) else methods
    queries, said = [], []
    for label, points, method in zip(labels, places, methods, strict=True):
        query = _query(label, label, _per_cent(points or [], image))
        if method == "counting":
            said.append(_counted(query))
        else:
            queries.append(query)
    return Picture(image, tuple(queries), (), tuple(said))


def pixmo_count(row: Row, pictures: PictureFolder, rng: np.random.Generator) -> Picture:
    """`image_url`, `image_sha256`, `label`, `count`, `points` {x: [], y: []} pixels, or null."""
    image = pictures.read(row)
    places = row["points"]
    if not places or not places["x"]:
        said = Said(f"How many {row['label']} are there?", f"There are {row['count']}.", "qa")
        return Picture(image, (), (), (said,))
    targets = _targets(zip(places["x"], places["y"], strict=True), image)
    return Picture(image, (), (), (_counted(_query(row["label"], row["label"], targets)),))


def pixmo_explanations(row: Row, pictures: PictureFolder, rng: np.random.Generator) -> Picture:
    """`image_url`, `image_sha256`, `question`, `parsed_response`, `inline_text`, `alt_text`, `points`.

    Points [[{x, y} per cent]] stand where the response has a mark, one list for each.
    """
    if not row["parsed_response"]:
        raise SkippedRow("response was not parsed")
    image = pictures.read(row)
    points = tuple(
        _query(alt, inline, _per_cent(places, image))
        for places, inline, alt in zip(row["points"], row["inline_text"], row["alt_text"], strict=True)
    )
    if row["parsed_response"].count(POINTS_HERE) != len(points):
        raise SkippedRow("points do not fit the response")
    return Picture(image, (), (), (Said(row["question"], row["parsed_response"], "pointing", points),))


def pixmo_cap(row: Row, pictures: PictureFolder, rng: np.random.Generator) -> Picture:
    """`image_url`, `caption`, `transcripts`: what was written of a picture, and what was said of it."""
    said = [Said("Describe this image.", row["caption"], "caption")]
    if row["transcripts"]:
        spoken = row["transcripts"][int(rng.integers(len(row["transcripts"])))]
        said.append(Said("Describe this image as if you were speaking.", spoken, "caption"))
    return Picture(pictures.read(row), (), (), tuple(said))


def pixmo_ask(row: Row, pictures: PictureFolder, rng: np.random.Generator) -> Picture:
    """`image_url`, `image_sha256`, `question`, `answer`."""
    return Picture(pictures.read(row), (), (), (Said(row["question"], row["answer"], "qa"),))


def pixmo_docs(row: Row, pictures: PictureFolder, rng: np.random.Generator) -> Picture:
    """`image` {bytes}, `image_id`, `questions` {question: [], answer: []}."""
    asked = row["questions"]
    said = (Said(*pair, "qa") for pair in zip(asked["question"], asked["answer"], strict=True))
    return Picture(_stored(row), (), (), tuple(said))


def pixmo_clocks(row: Row, pictures: PictureFolder, rng: np.random.Generator) -> Picture:
    """`example_id`, `hour_visible` (-1 when no time is shown), `text` (as "7:57:39 AM", or a sentence).

    The hub has no pictures of this set; those that were made of its watch faces are <example_id>.png.
    """
    image = pictures.named(f"{row['example_id']}.png")[:-CLOCK_BAND]
    if not len(image):
        raise SkippedRow("picture has no clock")
    answer = row["text"] if row["hour_visible"] < 0 else f"The time shown is {row['text']}"
    return Picture(image, (), (), (Said("What time is being shown?", answer, "qa"),))


def guisyn(row: Row, pictures: PictureFolder, rng: np.random.Generator) -> Picture:
    """`id`, `image` {bytes}, `annotation` [{name, intent: [], x_center, y_center, width, height pixels}]."""
    image = _stored(row)
    queries = []
    for element in row["annotation"] or []:
        name, intents = (element["name"] or "").strip(), element["intent"] or []
        if not name and not intents:
            continue
        by_intent = bool(intents) and (not name or rng.random() < INTENT_RATE)
        text = intents[int(rng.integers(len(intents)))] if by_intent else name
        queries.append(_query(text, name or text, (_element(element, image),)))
    return Picture(image, tuple(queries), ())


@dataclass(frozen=True)
class PublicSet:
    """Where the rows of a set lie, and what reads them: pictures, or films."""

    folder: str
    files: str
    reader: Reader | None = None
    film_reader: FilmReader | None = None


SETS = {
    "pixmo-points": PublicSet("pixmo-points", "data/train-*.parquet", pixmo_points),
    "pixmo-count": PublicSet("pixmo-count", "data/train-*.parquet", pixmo_count),
    "pixmo-points-explanations": PublicSet(
        "pixmo-point-explanations", "data/train-*.parquet", pixmo_explanations
    ),
    "pixmo-cap": PublicSet("pixmo-cap", "data/train-*.parquet", pixmo_cap),
    "pixmo-ask-model-anything": PublicSet("pixmo-ask-model-anything", "data/train-*.parquet", pixmo_ask),
    "pixmo-docs": PublicSet("pixmo-docs", "*/train-*.parquet", pixmo_docs),
    "pixmo-clocks": PublicSet("pixmo-clocks", "data/train-*.parquet", pixmo_clocks),
    **{
        f"guisyn-{kind}": PublicSet("MolmoPoint-GUISyn", f"{kind}/train-*.parquet", guisyn)
        for kind in ("web", "desktop", "mobile")
    },
    # Folders beside data/ hold the same rows again, by category.
    "molmo2-video-points": PublicSet("Molmo2-VideoPoint", "data/train-*.parquet", film_reader=video_points),
    "molmo2-video-tracks": PublicSet("Molmo2-VideoTrack", "**/*.parquet", film_reader=object_tracks),
    "molmo2-track-instruction": PublicSet(
        "molmo2-track-instruction", "track/train-*.parquet", film_reader=video_tracks
    ),
    "molmopoint-track-any": PublicSet(
        "MolmoPoint-TrackAny", "track/train-*.parquet", film_reader=video_tracks
    ),
    "molmopoint-track-syn": PublicSet(
        "MolmoPoint-TrackSyn", "track/train-*.parquet", film_reader=video_tracks
    ),
}


class PublicSource:
    """One set as a source of pictures.

    Args:
        name: One of `SETS`.
        folder: Holds all sets.
        frames: Most frames of a film.

    Raises:
        InputError: The set is not there, or a file of it is damaged.
    """

    def __init__(self, name: str, folder: Path, frames: int = 128) -> None:
        about = SETS[name]
        home = folder / about.folder
        files = sorted(home.glob(about.files))
        if not files:
            raise InputError(
                f"The data set {name!r} is not in {home}: no file {about.files}. Download it there, for "
                f"example with: hf download allenai/{about.folder} --repo-type dataset --local-dir {home}"
            )
        self._rows = ParquetRows(files)
        self._about = about
        self._pictures, self._videos = PictureFolder(home / "images"), VideoFolder(home / "videos", frames)
        self.blocks: Sequence[int] = self._rows.blocks

    def read(self, index: int, rng: np.random.Generator) -> Picture | Film:
        """What a row shows and asks; see `Source`."""
        row = self._rows[index]
        with row_as_expected():
            sample = self._sample(row, rng)
        if not sample.queries and not (isinstance(sample, Picture) and sample.said):
            raise SkippedRow("nothing to ask")
        refuse_control_tokens(sample)
        return sample

    def _sample(self, row: Row, rng: np.random.Generator) -> Picture | Film:
        if self._about.film_reader is not None:
            return self._about.film_reader(row, self._videos, rng)
        assert self._about.reader is not None
        return self._about.reader(row, self._pictures, rng)


def _stored(row: Row) -> np.ndarray:
    if not row["image"] or not row["image"]["bytes"]:
        raise SkippedRow("picture is missing")
    return decoded(row["image"]["bytes"])


def _per_cent(points: Iterable[Mapping[str, float]], image: np.ndarray) -> tuple[Target, ...]:
    height, width = image.shape[:2]
    return _targets(((p["x"] / 100 * width, p["y"] / 100 * height) for p in points), image)


def _targets(places: Iterable[tuple[float, float]], image: np.ndarray) -> tuple[Target, ...]:
    """Targets without extent, at pixels of the picture."""
    height, width = image.shape[:2]
    targets = tuple(Target((float(x), float(y)), (x, y, x, y)) for x, y in places)
    if not all(0 <= x <= width and 0 <= y <= height for x, y in (target.point for target in targets)):
        raise SkippedRow("point lies outside the picture")
    return targets


def _element(element: Mapping[str, Any], image: np.ndarray) -> Target:
    """An element of a screen with what of its box is in the picture."""
    ((x, y),) = (target.point for target in _targets([(element["x_center"], element["y_center"])], image))
    wide, high = element["width"] / 2, element["height"] / 2
    height, width = image.shape[:2]
    return Target((x, y), (max(x - wide, 0), max(y - high, 0), min(x + wide, width), min(y + high, height)))


def _query(text: str, label: str, targets: tuple[Target, ...]) -> Query:
    return Query(text, label, targets, "noun" if targets else "absent")


def _counted(query: Query) -> Said:
    """How many there are, answered by pointing at each, as released models do."""
    question = f"How many {query.text} are there?"
    if not query.targets:
        return Said(question, POINTS_HERE, "pointing", (query,))
    count = len(query.targets)
    return Said(question, f"Counting the {POINTS_HERE} shows a total of {count}.", "pointing", (query,))
