"""Questions about one image that are answered in a few words: eight of the eleven general image sets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from model.data.errors import SkippedRow
from model.evaluation import standins
from model.evaluation.benchmark import (
    Benchmark,
    Case,
    Prediction,
    Record,
    Row,
    Scores,
    cases_of,
    mean_of,
    means_by,
)
from model.evaluation.benchmarks.image_figures import published_of
from model.evaluation.case_files import Table, find
from model.evaluation.official import vqa

LETTERS = "ABCDEFGHIJ"
WORDS, CHOICE = 12, 32  # most tokens of an answer


class ImageQuestions(Benchmark):
    """A set of questions about one image each.

    Attributes:
        style: Name of the style that is put before a question; None for none.
        max_new_tokens: Most tokens of an answer.
        files: Patterns of the parquet files.
        image_columns: Columns that hold images; a row's image is in the first.
    """

    asks = "words"
    headline = "score"
    style: ClassVar[str | None] = None
    max_new_tokens: ClassVar[int] = WORDS
    files: ClassVar[tuple[str, ...]]
    image_columns: ClassVar[tuple[str, ...]] = ("image",)

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows with their images."""
        table = Table(find(self, home, *self.files), self.image_columns)
        return cases_of(table.rows, lambda index, row: self.case(index, row, table))

    def case(self, index: int, row: Row, table: Table) -> Case:
        """Makes a case of a row."""
        words = self.question(row)
        self.references(row)
        return Case(index, row, words, words, table.reader(index, self.image_columns[0]), self.groups(row))

    def question(self, row: Row) -> str:
        """What is asked."""
        return str(row["question"])

    def references(self, row: Row) -> list[str]:
        """What is right."""
        answers = row["answers"] if "answers" in row else row["answer"]
        listed = [answers] if isinstance(answers, str) else list(answers)
        found = [str(one["answer"] if isinstance(one, Mapping) else one) for one in listed]
        if not found:
            raise SkippedRow("there is no answer")
        return found

    def groups(self, row: Row) -> Mapping[str, str]:
        """What a row counts to."""
        return {}

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Asks in words."""
        return list(asker.words(cases, shown, style=self.style, max_new_tokens=self.max_new_tokens))

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """The score of the cleaned answer."""
        return {"score": float(self.score_text(case, vqa.clean_answer(prediction.text)))}

    def score_text(self, case: Case, said: str) -> float:
        """The score of an answer."""
        raise NotImplementedError

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """The mean score."""
        return {"score": mean_of(records, "score")}

    def truth(self, case: Case) -> Mapping[str, Any]:
        """The answers."""
        return {"text": ", ".join(dict.fromkeys(self.references(case.row)))}

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Windows with buttons, and questions about what is written on them."""
        rows = []
        for number, sample in zip(range(count), standins.forms(rng), strict=False):
            image = {"bytes": standins.png(sample.image), "path": f"{number}.png"}
            labels = list(sample.caption) or ["nothing"]
            rows.append({self.image_columns[0]: image, **self.standin(number, labels)})
        standins.write_parquet(home / self.files[0].replace("*/", "Generated/").replace("*", "-0"), rows)

    def standin(self, number: int, labels: Sequence[str]) -> dict[str, Any]:
        """A row about a window, without its image."""
        question = "What is written on the first button?"
        return {"question": question, "answers": [labels[0]] * 10}


class Vqa(ImageQuestions):
    """min(matches / 3, 1) over ten answers."""

    def score_text(self, case: Case, said: str) -> float:
        """See `vqa.vqa_score`."""
        return vqa.vqa_score(self.references(case.row), said)


class VqaV2(Vqa):
    """VQA v2."""

    name, title, folder = "vqa2", "VQA v2", "VQAv2"
    download = (
        "hf download lmms-lab/VQAv2 --repo-type dataset --include 'data/validation*' --local-dir {home}",
    )
    files = ("data/validation*.parquet", "**/*.parquet")
    style = "vqa2"
    published = published_of("VQAv2")
    protocol = (
        "min(matches / 3, 1) over ten normalised answers, without leaving one out. The papers' figures are "
        "of other rows: 8,192 of the validation split (Molmo2), or the test server."
    )


class TextVqa(Vqa):
    """TextVQA."""

    name, title, folder = "textvqa", "TextVQA", "textvqa"
    download = (
        "hf download lmms-lab/textvqa --repo-type dataset --include 'data/validation*' --local-dir {home}",
    )
    files = ("data/validation*.parquet", "**/*.parquet")
    style = "text_vqa"
    official_rows = 5000
    published = published_of("TextVQA")
    protocol = "min(matches / 3, 1) over ten normalised answers of the validation split, none left out."


class Documents(ImageQuestions):
    """ANLS, the largest over the references."""

    def score_text(self, case: Case, said: str) -> float:
        """See `vqa.anls`."""
        references = [one for one in self.references(case.row) if one or said]
        return max((vqa.anls(one, said) for one in references), default=1.0)


class DocVqa(Documents):
    """DocVQA."""

    name, title, folder = "docvqa", "DocVQA", "DocVQA"
    download = (
        "hf download lmms-lab/DocVQA --repo-type dataset --include 'DocVQA/validation*' --local-dir {home}",
    )
    files = ("DocVQA/validation*.parquet", "data/validation*.parquet")
    style = "doc_qa"
    published = published_of("DocVQA")
    protocol = (
        "ANLS: 1 - edit distance / length, 0 from a ratio of 0.5 on, the largest over the references. The "
        "papers' figures are of the test split, which only the task's server scores; this is the validation "
        "split."
    )


class InfoVqa(Documents):
    """InfographicVQA."""

    name, title, folder = "infovqa", "InfographicVQA", "InfographicVQA"
    download = (DocVqa.download[0].replace("'DocVQA/", "'InfographicVQA/"),)
    files = ("InfographicVQA/validation*.parquet", "data/validation*.parquet")
    style = "info_qa"
    published = published_of("InfoQA")
    protocol = DocVqa.protocol


class ChartQa(ImageQuestions):
    """ChartQA."""

    name, title, folder = "chartqa", "ChartQA", "ChartQA"
    download = (
        "hf download HuggingFaceM4/ChartQA --repo-type dataset --include 'data/test*' --local-dir {home}",
    )
    files = ("data/test*.parquet", "**/*.parquet")
    style = "chart_qa"
    official_rows = 2500
    figures_shown = ("score", "human", "augmented")
    published = published_of("ChartQA")
    protocol = (
        "Relaxed correctness: numbers within 5 per cent, inclusive, of a target that is not zero; else the "
        "same text but for case; the largest over the references."
    )

    def question(self, row: Row) -> str:
        """The column `query`."""
        return str(row["query"])

    def references(self, row: Row) -> list[str]:
        """The column `label`."""
        label = row["label"]
        return [label] if isinstance(label, str) else [str(one) for one in label]

    def groups(self, row: Row) -> Mapping[str, str]:
        """Questions of people (0) and of a model (1)."""
        return {"by": "augmented" if int(row["human_or_machine"]) else "human"}

    def score_text(self, case: Case, said: str) -> float:
        """See `vqa.relaxed_correctness`."""
        return float(any(vqa.relaxed_correctness(one, said) for one in self.references(case.row)))

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """The mean score, and that of both halves."""
        return {**super().figures(records), **means_by(records, "score", "by")}

    def standin(self, number: int, labels: Sequence[str]) -> dict[str, Any]:
        """How many buttons there are."""
        said = {"query": "How many buttons are there?", "label": [str(len(labels))]}
        return {**said, "human_or_machine": number % 2}


class Ai2d(ImageQuestions):
    """AI2D."""

    name, title, folder = "ai2d", "AI2D", "ai2d"
    download = ("hf download lmms-lab/ai2d --repo-type dataset --local-dir {home}",)
    files = ("data/test*.parquet", "**/*.parquet")
    max_new_tokens = CHOICE
    official_rows = 3088
    published = published_of("AI2D")
    protocol = (
        "The option that the answer means: the same text, the only one with that beginning, the only one "
        "that contains it, else the one of the least edit distance. The released program draws label boxes "
        "opaque or transparent into the images of the original archive; here images are asked as they are."
    )

    def question(self, row: Row) -> str:
        """The question and its options, a line each."""
        return "\n".join([str(row["question"]), *(str(option) for option in row["options"])])

    def references(self, row: Row) -> list[str]:
        """The right option."""
        return [str(row["options"][int(row["answer"])])]

    def score_text(self, case: Case, said: str) -> float:
        """See `vqa.select_option`."""
        options = [str(option) for option in case.row["options"]]
        return float(vqa.select_option(options, said) == int(case.row["answer"]))

    def standin(self, number: int, labels: Sequence[str]) -> dict[str, Any]:
        """Which label there is."""
        options = [labels[0], "None of these", "An empty window", "A picture"]
        return {"question": "What is written on the first button?", "options": options, "answer": "0"}


class RealWorldQa(ImageQuestions):
    """RealWorldQA."""

    name, title, folder = "realworldqa", "RealWorldQA", "RealworldQA"
    download = ("hf download xai-org/RealworldQA --repo-type dataset --local-dir {home}",)
    files = ("data/test*.parquet", "**/*.parquet")
    max_new_tokens = CHOICE
    official_rows = 765
    published = published_of("RWQA")
    protocol = (
        "Multiple choice by the letter. Of questions with short answers only the first line is sent, and the "
        "normalised answer must be the same."
    )

    def question(self, row: Row) -> str:
        """All of a multiple choice, of others the first line."""
        text = str(row["question"])
        return text if self._has_options(row) else text.splitlines()[0]

    def _has_options(self, row: Row) -> bool:
        return (
            str(row["answer"]) in tuple(LETTERS)
            and re.search(r"^[A-J][.)] ", row["question"], re.M) is not None
        )

    def score_text(self, case: Case, said: str) -> float:
        """By letter, or by the normalised text."""
        wanted = str(case.row["answer"])
        if self._has_options(case.row):
            letter = re.match(r"\(?([A-J])\b", said.strip())
            return float(letter is not None and letter.group(1) == wanted)
        return float(vqa.normalise(said) == vqa.normalise(wanted))

    def standin(self, number: int, labels: Sequence[str]) -> dict[str, Any]:
        """A multiple choice or a short answer."""
        if number % 2:
            return {"question": "What is on the first button?\nAnswer shortly.", "answer": labels[0]}
        question = f"What is on the first button?\nA. {labels[0]}\nB. Nothing\nAnswer with the letter."
        return {"question": question, "answer": "A"}


IMAGE_QUESTIONS = (Ai2d(), ChartQa(), VqaV2(), DocVqa(), InfoVqa(), TextVqa(), RealWorldQa())
