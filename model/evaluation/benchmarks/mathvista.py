"""MathVista: questions about figures, with a choice, a number or a list for an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from model.evaluation.benchmark import Case, Prediction, Row, Scores
from model.evaluation.benchmarks.image_figures import published_of
from model.evaluation.benchmarks.image_questions import CHOICE, LETTERS, ImageQuestions
from model.evaluation.official import vqa

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def extract(row: Row, said: str) -> str:
    """Takes the answer out of a reply by rules; the official program asks GPT where the reply is not short.

    Args:
        row: ``question_type``, ``answer_type`` and ``choices``.
        said: The reply.
    """
    if row["question_type"] == "multi_choice":
        choices = [str(choice) for choice in row["choices"]]
        letter = re.match(r"\(?([A-J])\)?(?:[.:]|\s|$)", said)
        if letter and LETTERS.index(letter.group(1)) < len(choices):
            return choices[LETTERS.index(letter.group(1))]
        return choices[vqa.select_option(choices, said)]
    if row["answer_type"] in ("integer", "float"):
        numbers = _NUMBER.findall(said.replace(",", ""))
        return numbers[-1] if numbers else ""
    return said


def right(row: Row, extracted: str) -> bool:
    """Compares an extracted answer as the official program does: numbers in the precision of the row."""
    answer, kind = str(row["answer"]), row["answer_type"]
    try:
        if kind == "integer":
            return int(float(extracted)) == int(float(answer))
        if kind == "float":
            digits = int(float(row.get("precision") or 1))
            return round(float(extracted), digits) == round(float(answer), digits)
    except ValueError:
        return False
    return extracted == answer


class MathVista(ImageQuestions):
    """MathVista, testmini."""

    name, title, folder = "mathvista", "MathVista", "MathVista"
    download = (
        "hf download AI4Math/MathVista --repo-type dataset --include 'data/testmini*' --local-dir {home}",
    )
    files = ("data/testmini*.parquet", "**/*.parquet")
    image_columns = ("decoded_image",)
    max_new_tokens = CHOICE
    official_rows = 1000
    published = published_of("MathVista")
    protocol = (
        "The extracted answer must be the same, numbers in the precision that the row asks. Answers are "
        "extracted by rules; the official program asks a paid model for long replies, so figures of models "
        "that explain before they answer are lower here."
    )

    def question(self, row: Row) -> str:
        """The question, and its choices with letters."""
        choices = [f"({LETTERS[i]}) {choice}" for i, choice in enumerate(row["choices"] or ())]
        unit = f" (Unit: {row['unit']})" if row.get("unit") else ""
        return "\n".join([f"{row['question']}{unit}", *choices])

    def references(self, row: Row) -> list[str]:
        """The answer."""
        return [str(row["answer"])]

    def groups(self, row: Row) -> Mapping[str, str]:
        """Choice or free form."""
        return {"kind": str(row["question_type"])}

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """Right or wrong."""
        said = vqa.clean_answer(prediction.text)
        return {"score": float(right(case.row, extract(case.row, said)))}

    def standin(self, number: int, labels: Sequence[str]) -> dict[str, Any]:
        """A choice or a number."""
        free = {"question": "How many buttons are there?", "question_type": "free_form", "precision": 0.0}
        free |= {"choices": [], "answer": str(len(labels)), "answer_type": "integer", "unit": ""}
        if number % 2:
            return free
        choices = [labels[0], "Nothing"]
        question = "What is on the first button?"
        changed = {"question": question, "question_type": "multi_choice", "choices": choices}
        return {**free, **changed, "answer": labels[0], "answer_type": "text"}


MATHVISTA = MathVista()
