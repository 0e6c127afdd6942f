"""The public image data sets that pointing models are trained on, read in their own schemas.

Each set lies as it is downloaded from the hub, in a folder of its name below one folder for all:

    pixmo-points/data/train-00000-of-00008.parquet
    pixmo-points/images/<SHA-256 of the address>

Each reader function lists the columns that it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.data.datasets.parquet import ImageFolder, ParquetRows, decoded
from model.data.datasets.videos import VideoFolder, object_tracks, video_points, video_tracks
from model.data.errors import SkippedRow, refuse_control_tokens, row_as_expected
from model.data.schema import POINTS_HERE, ImageSample, Query, QuestionAnswer, Target, VideoSample
from molmo_act.errors import InputError

Row = Mapping[str, Any]
ImageRowReader = Callable[[Row, ImageFolder, np.random.Generator], ImageSample]
VideoRowReader = Callable[[Row, VideoFolder, np.random.Generator], VideoSample]

INTENT_RATE = 0.8
"""How often GUISyn asks for an element by one of its intents instead of its name."""
CLOCK_BAND = 120
"""Rows of pixels at the bottom of every image of a clock that show nothing."""


def pixmo_points(row: Row, images: ImageFolder, rng: np.random.Generator) -> ImageSample:
    """Reads points per label; "counting" rows ask how many there are.

    Columns: `image_url`, `image_sha256`, `label`, `points` [{x, y} per cent], `count`, `collection_method`.
    The last three are single values, or lists of equal length where rows of one image were put together.
    "counting" rows are answered with points and their number.
    """
    image = images.read(row)
    single = isinstance(row["label"], str)
    labels, places = ([row["label"]], [row["points"]]) if single else (row["label"], row["points"])
    methods = row["collection_method"]
    methods = [methods] * len(labels) if isinstance(methods, str) else methods
    queries, question_answers = [], []
    for label, points, method in zip(labels, places, methods, strict=True):
        query = _query(label, label, _per_cent(points or [], image))
        if method == "counting":
            question_answers.append(_counted(query))
        else:
            queries.append(query)
    return ImageSample(image, tuple(queries), (), tuple(question_answers))


def pixmo_count(row: Row, images: ImageFolder, rng: np.random.Generator) -> ImageSample:
    """Reads a question for a number, answered with points where the row has them.

    Columns: `image_url`, `image_sha256`, `label`, `count`, `points` {x: [], y: []} pixels, or null.
    """
    image = images.read(row)
    places = row["points"]
    if not places or not places["x"]:
        question_answers = QuestionAnswer(
            f"How many {row['label']} are there?", f"There are {row['count']}.", "qa"
        )
        return ImageSample(image, (), (), (question_answers,))
    targets = _targets(zip(places["x"], places["y"], strict=True), image)
    return ImageSample(image, (), (), (_counted(_query(row["label"], row["label"], targets)),))


def pixmo_explanations(row: Row, images: ImageFolder, rng: np.random.Generator) -> ImageSample:
    """Reads a question with an answer that points on the way.

    Columns: `image_url`, `image_sha256`, `question`, `parsed_response`, `inline_text`, `alt_text`, `points`.
    Points [[{x, y} per cent]] stand where the response has a mark, one list for each.
    """
    if not row["parsed_response"]:
        raise SkippedRow("response was not parsed")
    image = images.read(row)
    points = tuple(
        _query(alt, inline, _per_cent(places, image))
        for places, inline, alt in zip(row["points"], row["inline_text"], row["alt_text"], strict=True)
    )
    if row["parsed_response"].count(POINTS_HERE) != len(points):
        raise SkippedRow("points do not fit the response")
    return ImageSample(
        image, (), (), (QuestionAnswer(row["question"], row["parsed_response"], "pointing", points),)
    )


def pixmo_cap(row: Row, images: ImageFolder, rng: np.random.Generator) -> ImageSample:
    """Reads a written caption, and one of the spoken ones.

    Columns: `image_url`, `caption`, `transcripts`.
    """
    question_answers = [QuestionAnswer("Describe this image.", row["caption"], "caption")]
    if row["transcripts"]:
        spoken = row["transcripts"][int(rng.integers(len(row["transcripts"])))]
        question_answers.append(
            QuestionAnswer("Describe this image as if you were speaking.", spoken, "caption")
        )
    return ImageSample(images.read(row), (), (), tuple(question_answers))


def pixmo_ask(row: Row, images: ImageFolder, rng: np.random.Generator) -> ImageSample:
    """Reads a question with its answer.

    Columns: `image_url`, `image_sha256`, `question`, `answer`.
    """
    return ImageSample(images.read(row), (), (), (QuestionAnswer(row["question"], row["answer"], "qa"),))


def pixmo_docs(row: Row, images: ImageFolder, rng: np.random.Generator) -> ImageSample:
    """Reads all questions about a document.

    Columns: `image` {bytes}, `image_id`, `questions` {question: [], answer: []}.
    """
    asked = row["questions"]
    question_answers = (
        QuestionAnswer(*pair, "qa") for pair in zip(asked["question"], asked["answer"], strict=True)
    )
    return ImageSample(_stored(row), (), (), tuple(question_answers))


def pixmo_clocks(row: Row, images: ImageFolder, rng: np.random.Generator) -> ImageSample:
    """Reads the time that a clock shows.

    Columns: `example_id`, `hour_visible` (-1 when no time is shown), `text` (as "7:57:39 AM", or a
    sentence). The hub has no images of this set; those that were made of its watch faces are
    <example_id>.png.
    """
    image = images.named(f"{row['example_id']}.png")[:-CLOCK_BAND]
    if not len(image):
        raise SkippedRow("image has no clock")
    answer = row["text"] if row["hour_visible"] < 0 else f"The time shown is {row['text']}"
    return ImageSample(image, (), (), (QuestionAnswer("What time is being shown?", answer, "qa"),))


def guisyn(row: Row, images: ImageFolder, rng: np.random.Generator) -> ImageSample:
    """Reads all elements of a screen, each by its name or by what it is for.

    Columns: `id`, `image` {bytes}, `annotation` [{name, intent: [], x_center, y_center, width, height
    pixels}].
    """
    image = _stored(row)
    queries = []
    for element in row["annotation"] or []:
        name, intents = (element["name"] or "").strip(), element["intent"] or []
        if not name and not intents:
            continue
        by_intent = bool(intents) and (not name or rng.random() < INTENT_RATE)
        text = intents[int(rng.integers(len(intents)))] if by_intent else name
        queries.append(_query(text, name or text, (_element(element, image),)))
    return ImageSample(image, tuple(queries), ())


@dataclass(frozen=True)
class PublicSet:
    """Where the rows of a set lie, and which function reads them.

    Attributes:
        folder: Name of its folder.
        files: Pattern of its parquet files.
        read_image: Turns a row into an image, or None.
        read_video: Turns a row into a video, or None.
    """

    folder: str
    files: str
    read_image: ImageRowReader | None = None
    read_video: VideoRowReader | None = None


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
    "molmo2-video-points": PublicSet("Molmo2-VideoPoint", "data/train-*.parquet", read_video=video_points),
    "molmo2-video-tracks": PublicSet("Molmo2-VideoTrack", "**/*.parquet", read_video=object_tracks),
    "molmo2-track-instruction": PublicSet(
        "molmo2-track-instruction", "track/train-*.parquet", read_video=video_tracks
    ),
    "molmopoint-track-any": PublicSet(
        "MolmoPoint-TrackAny", "track/train-*.parquet", read_video=video_tracks
    ),
    "molmopoint-track-syn": PublicSet(
        "MolmoPoint-TrackSyn", "track/train-*.parquet", read_video=video_tracks
    ),
}


class PublicSource:
    """A public data set as a source.

    Attributes:
        blocks: Rows of each row group of its files.

    Args:
        name: One of `SETS`.
        folder: Holds all sets.
        frames: Most frames of a video.

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
        self._pictures, self._videos = ImageFolder(home / "images"), VideoFolder(home / "videos", frames)
        self.blocks: Sequence[int] = self._rows.blocks

    def read(self, index: int, rng: np.random.Generator) -> ImageSample | VideoSample:
        """Reads a row; see `Source`.

        Args:
            index: Number of the row.
            rng: Source of what is chosen anew each time.

        Returns:
            What the row shows and asks.

        Raises:
            SkippedRow: Nothing can be learned from this row.
            InputError: Its file is damaged.
        """
        row = self._rows[index]
        with row_as_expected():
            sample = self._sample(row, rng)
        if not sample.queries and not (isinstance(sample, ImageSample) and sample.question_answers):
            raise SkippedRow("nothing to ask")
        refuse_control_tokens(sample)
        return sample

    def _sample(self, row: Row, rng: np.random.Generator) -> ImageSample | VideoSample:
        if self._about.read_video is not None:
            return self._about.read_video(row, self._videos, rng)
        assert self._about.read_image is not None
        return self._about.read_image(row, self._pictures, rng)


def _stored(row: Row) -> np.ndarray:
    if not row["image"] or not row["image"]["bytes"]:
        raise SkippedRow("image is missing")
    return decoded(row["image"]["bytes"])


def _per_cent(points: Iterable[Mapping[str, float]], image: np.ndarray) -> tuple[Target, ...]:
    height, width = image.shape[:2]
    return _targets(((p["x"] / 100 * width, p["y"] / 100 * height) for p in points), image)


def _targets(places: Iterable[tuple[float, float]], image: np.ndarray) -> tuple[Target, ...]:
    """Targets without extent, at pixels of the image."""
    height, width = image.shape[:2]
    targets = tuple(Target((float(x), float(y)), (x, y, x, y)) for x, y in places)
    if not all(0 <= x <= width and 0 <= y <= height for x, y in (target.point for target in targets)):
        raise SkippedRow("point lies outside the image")
    return targets


def _element(element: Mapping[str, Any], image: np.ndarray) -> Target:
    """An element of a screen with what of its box is in the image."""
    ((x, y),) = (target.point for target in _targets([(element["x_center"], element["y_center"])], image))
    wide, high = element["width"] / 2, element["height"] / 2
    height, width = image.shape[:2]
    return Target((x, y), (max(x - wide, 0), max(y - high, 0), min(x + wide, width), min(y + high, height)))


def _query(text: str, label: str, targets: tuple[Target, ...]) -> Query:
    return Query(text, label, targets, "noun" if targets else "absent")


def _counted(query: Query) -> QuestionAnswer:
    """Asks how many there are, answered by pointing at each, as released models do."""
    question = f"How many {query.text} are there?"
    if not query.targets:
        return QuestionAnswer(question, POINTS_HERE, "pointing", (query,))
    count = len(query.targets)
    return QuestionAnswer(
        question, f"Counting the {POINTS_HERE} shows a total of {count}.", "pointing", (query,)
    )
