"""What a benchmark is: rows to cases, a prompt, a score of each answer, and the figures of all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from model.data.errors import SkippedRow, row_as_expected

Row = Mapping[str, Any]
Scores = Mapping[str, Any]
"""What one answer scored: numbers by name, and what `Benchmark.figures` needs beside them, as JSON."""


@dataclass(frozen=True)
class Prediction:
    """What a model answered, as JSON holds it.

    Attributes:
        text: The answer as the model wrote it.
        points: Rows ``(object_id, image index | seconds, x, y)``, x and y in pixels of the original image, in
            the order of the answer: decoded grounding tokens, or what the official reader finds in the text.
        absent: The model's probability that nothing matches; None where it gives none.
        truncated: Whether the answer was cut short.
        extra: What else a benchmark wants to keep, such as run lengths of masks.
    """

    text: str = ""
    points: tuple[tuple[float, ...], ...] = ()
    absent: float | None = None
    truncated: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def xy(self) -> np.ndarray:
        """float64 (N, 2), the points without their numbers and images."""
        return np.array([point[2:4] for point in self.points], np.float64).reshape(-1, 2)

    def to_json(self) -> dict[str, Any]:
        """Gives what `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Prediction:
        """Reads what `to_json` gave."""
        points = tuple(tuple(point) for point in said["points"])
        return cls(said["text"], points, said["absent"], said["truncated"], said["extra"])


@dataclass(frozen=True, eq=False)
class Case:
    """One row of a data set, ready to be asked and scored.

    Attributes:
        index: Number of the row in the order of the data set, from 0; it names the case.
        row: The row as it was read, without its images.
        prompt: What the model is asked by the official protocol.
        query: What is looked for, for a prompt of the user's own (``--prompt``).
        read: Gives what the model is shown: one image uint8 RGB (H, W, 3), a list of them, a video, or None.
        groups: What the case counts to, by what it is grouped: ``{"platform": "web", "type": "icon"}``.
        problem: Why the row cannot be asked, in a few words that recur; None where it can.
        read_truth: Gives what is right where it is too large for `row`, such as masks.
    """

    index: int
    row: Row
    prompt: str = ""
    query: str = ""
    read: Callable[[], Any] = lambda: None
    groups: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    read_truth: Callable[[], Any] = lambda: None


@dataclass(frozen=True, eq=False)
class Record:
    """One scored case, as a line of a run's file.

    Attributes:
        index: See `Case`, as are `groups` and `problem`; `problem` is also why the image could not be read,
            or the model not be asked.
        scores: What the answer scored.
        prediction: The answer; None where there is a problem.
        seconds: What the answer took: its share of the batch.
    """

    index: int
    scores: Scores
    groups: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None
    prediction: Prediction | None = None
    seconds: float = 0.0


class Benchmark:
    """A benchmark; each is a small subclass in `model.evaluation.benchmarks`.

    Attributes:
        name: What the command line calls it.
        title: What reports call it.
        folder: Folder of the data set in that of all data sets (``--data``), where it has one of its own.
        download: Command lines by which a user gets the data.
        official_rows: How many rows the official set has; None where that is not known.
        headline: The figure that is quoted.
        figures_shown: The figures of the table, in order; all of them where it is empty.
        published: Figures by model as they were published, in the unit of `scale`.
        scale: What a figure is multiplied with before it is shown: 100 for shares.
        numbers: Figures that are numbers of objects, not shares, and are shown as they are.
        asks: What the model must be able to do: "points" at an image, "words", "tracks" of a video, or
            "masks" of one.
        judged: Whether answers go to the judge (``--judge``).
        protocol: Whose rules, and what of them is odd, in sentences for the report.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    folder: ClassVar[str]
    download: ClassVar[tuple[str, ...]] = ()
    official_rows: ClassVar[int | None] = None
    headline: ClassVar[str]
    figures_shown: ClassVar[tuple[str, ...]] = ()
    published: ClassVar[Mapping[str, Mapping[str, float]]] = {}
    scale: ClassVar[float] = 100.0
    numbers: ClassVar[tuple[str, ...]] = ()
    asks: ClassVar[Literal["points", "words", "tracks", "masks"]] = "points"
    judged: ClassVar[bool] = False
    protocol: ClassVar[str]

    def scale_of(self, figure: str) -> float:
        """Says what a figure is multiplied with before it is shown."""
        return 1.0 if figure in self.numbers else self.scale

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows of a data set; rows that are damaged become cases with a problem.

        Args:
            home: Folder of the data set, as it was downloaded.

        Raises:
            InputError: It is not there or not whole; the message says how to get it.
        """
        raise NotImplementedError

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Asks the model about some cases at once.

        Args:
            asker: An `model.evaluation.asking.Asker`.
            cases: The cases, without those that have a problem.
            shown: What `Case.read` gave, one for each case.
        """
        return asker.points(cases, shown)

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """Scores an answer by the official rule.

        Args:
            case: The case.
            prediction: What the model answered.
        """
        raise NotImplementedError

    def missed(self, case: Case) -> Scores:
        """Scores a case that could not be asked: every number of an empty answer is 0.

        An empty answer may be right where nothing matches, which a case that was not asked never is. A
        subclass whose numbers are better the lower they are gives others.

        Args:
            case: The case.
        """
        try:
            scored = self.score(case, Prediction())
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):  # a damaged row
            return {}
        return {
            name: type(value)(0) if isinstance(value, (bool, int, float)) else value
            for name, value in scored.items()
        }

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Computes the figures of many cases, in which each of them counts; NaN for those without any.

        Args:
            records: The scored cases, at least one.
        """
        raise NotImplementedError

    def truth(self, case: Case) -> Mapping[str, Any]:
        """Says what is right, for the page of a report.

        Args:
            case: The case.

        Returns:
            ``{"text": …}``, ``{"boxes": [(x0, y0, x1, y1), …]}``, ``{"masks": [bool (H, W), …]}``.
        """
        return {}

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Writes generated rows in the schema of the data set, for tests and demonstrations.

        Args:
            home: A new folder.
            rng: Source of every choice.
            count: About how many rows.
        """
        raise NotImplementedError


def cases_of(
    rows: Iterable[Row],
    make: Callable[[int, Row], Case],
) -> list[Case]:
    """Makes cases of rows; a row that does not follow its schema is one with a problem, never left out.

    Args:
        rows: The rows, in the order of the data set.
        make: Makes the case of row number ``index``; may raise what `row_as_expected` turns into a reason.
    """
    found = []
    for index, row in enumerate(rows):
        try:
            with row_as_expected():
                found.append(make(index, row))
        except (SkippedRow, ArithmeticError, LookupError) as reason:
            kind = "" if isinstance(reason, SkippedRow) else f"{type(reason).__name__}: "
            found.append(Case(index, row, problem=printable(f"{kind}{reason}")))
    return found


def printable(text: str) -> str:
    """Returns a text that can be printed and written: rows may hold halves of characters."""
    return " ".join(text.encode("utf-8", "replace").decode().split())


def fingerprint(cases: Sequence[Case]) -> str:
    """Tells data sets apart: SHA-256 of what all cases ask and what is right, without their images.

    Args:
        cases: The cases of a data set.
    """
    digest = hashlib.sha256()
    for case in cases:
        digest.update(json.dumps([case.prompt, case.row], sort_keys=True, default=repr).encode())
    return digest.hexdigest()


def published_column(
    table: Mapping[str, Sequence[float | None]], number: int, figure: str
) -> dict[str, Mapping[str, float]]:
    """Takes the published figures of one benchmark out of a table of several.

    Args:
        table: Model → its figures, None where there is none.
        number: The column.
        figure: What the benchmark calls it.
    """
    return {model: {figure: value} for model, row in table.items() if (value := row[number]) is not None}


def mean(values: Sequence[float]) -> float:
    """Returns the mean; NaN of nothing, as the official programs give."""
    return float(np.mean(np.asarray(values, np.float64))) if len(values) else float("nan")


def means_by(records: Sequence[Record], score: str, *by: str) -> dict[str, float]:
    """Returns the mean of a score over the records of each group.

    Args:
        records: The records; one without the score counts as 0.
        score: Name of the score.
        by: What they are grouped by; of several, the names of the groups are joined by "-".

    Returns:
        Group → mean, sorted. Records that lack one of `by` are in no group.
    """
    groups: dict[str, list[float]] = {}
    for record in records:
        if all(key in record.groups for key in by):
            groups.setdefault("-".join(record.groups[key] for key in by), []).append(of(record, score))
    return {group: mean(groups[group]) for group in sorted(groups)}


def of(record: Record, score: str) -> float:
    """Returns a score of a record; 0 where the row was too damaged to have one."""
    return float(record.scores.get(score, 0.0))


def mean_of(records: Sequence[Record], score: str) -> float:
    """Returns the mean of a score over all records; those that lack it count as 0."""
    return mean([of(record, score) for record in records])
