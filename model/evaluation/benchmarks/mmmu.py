"""MMMU: questions of university courses about one image."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from model.evaluation.benchmark import Case, Prediction, Record, Row, Scores, means_by
from model.evaluation.benchmarks.image_figures import published_of
from model.evaluation.benchmarks.image_questions import CHOICE, LETTERS, ImageQuestions
from model.evaluation.case_files import Table
from model.evaluation.official import vqa
from model.evaluation.official.mmmu import read_choice, right_open


def options_of(row: Row) -> dict[str, str]:
    """Reads the options of a row, which are a list or its text, by their letters; none for open questions."""
    said = row["options"]
    options = _literal(said) if isinstance(said, str) else list(said or ())
    return dict(zip(LETTERS, map(str, options), strict=False))


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, MemoryError, RecursionError) as exc:
        raise ValueError(f"{text[:40]!r} is no list") from exc


class Mmmu(ImageQuestions):
    """MMMU, validation split, all 30 subjects."""

    name, title, folder = "mmmu", "MMMU", "MMMU"
    download = ("hf download MMMU/MMMU --repo-type dataset --include '*/validation*' --local-dir {home}",)
    files = ("*/validation*.parquet", "**/validation*.parquet")
    image_columns = tuple(f"image_{number}" for number in range(1, 8))
    max_new_tokens = CHOICE
    official_rows = 900
    published = published_of("MMMU")
    protocol = (
        "Answers are read as MMMU's own program does; where no letter can be read an option is drawn, here "
        "by a seed of the row. As in the released program the first image is shown alone, and none where "
        "more than one option is an image."
    )

    def case(self, index: int, row: Row, table: Table) -> Case:
        """Shows the first image, or none."""
        made = super().case(index, row, table)
        pictured = sum("<image" in option for option in options_of(row).values())
        if pictured <= 1:
            return made
        return Case(index, row, made.prompt, made.query, lambda: None, made.groups)

    def question(self, row: Row) -> str:
        """The question, and its options with letters."""
        options = [f"{letter}. {option}" for letter, option in options_of(row).items()]
        return "\n".join([str(row["question"]), *options])

    def references(self, row: Row) -> list[str]:
        """A letter, or short answers."""
        answer = str(row["answer"])
        if answer.startswith("["):
            return [str(one) for one in _literal(answer)]
        return [answer]

    def groups(self, row: Row) -> Mapping[str, str]:
        """The subject, out of the row's id: validation_Art_1."""
        return {"subject": "_".join(str(row["id"]).split("_")[1:-1])}

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """Right or wrong by MMMU's program."""
        options, said = options_of(case.row), vqa.clean_answer(prediction.text)
        if options:
            right = read_choice(said, options, case.index) == str(case.row["answer"])
        else:
            right = right_open(self.references(case.row), said)
        return {"score": float(right)}

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Overall, and by subject."""
        return {**super().figures(records), **means_by(records, "score", "subject")}

    def standin(self, number: int, labels: Sequence[str]) -> dict[str, Any]:
        """A multiple choice, or an open question."""
        name = f"validation_Generated_{number}"
        if number % 2:
            question, answer = "How many buttons are there in <image 1>?", str(len(labels))
            return {"id": name, "question": question, "options": "[]", "answer": answer}
        options = str([labels[0], "Nothing"])
        question = "What is on the first button of <image 1>?"
        return {"id": name, "question": question, "options": options, "answer": "A"}


MMMU = Mmmu()
