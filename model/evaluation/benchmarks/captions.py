"""Molmo2-CapEval: dense captions of videos, by what a judge finds stated in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model.data.errors import SkippedRow
from model.evaluation import asking_videos
from model.evaluation.benchmark import Benchmark, Case, Prediction, Record, Row, Scores, cases_of, mean_of
from model.evaluation.case_files import Table, find
from model.evaluation.official.captions import by_category, f1, read_verdicts, share_true, split_statements
from model.evaluation.standins import write_parquet
from model.evaluation.video_sources import VideoFiles
from model.evaluation.video_standins import clips, write_video

PROMPT = "Describe this video in detail."
"""The official evaluation draws one of 23 by the number of the row; those belong to its program."""
TOKENS = 2048  # most of a caption

PUBLISHED = {
    **{"GPT-5": 50.1, "GPT-5 mini": 56.6, "Gemini 3 Pro": 36.0, "Gemini 2.5 Pro": 42.1},
    **{"Qwen3-VL-8B": 26.7, "Molmo2-4B": 39.9, "Molmo2-8B": 43.2, "Molmo2-O-7B": 40.1},
    **{"MolmoPoint-8B": 40.3},
}


class Captions(Benchmark):
    """Molmo2-CapEval."""

    name = "caption-f1"
    title = "Molmo2-CapEval"
    folder = "Molmo2-CapEval"
    download = ("hf download allenai/Molmo2-CapEval --repo-type dataset --local-dir {home}",)
    headline = "f1"
    figures_shown = ("f1", "recall", "consistency", "statements")
    numbers = ("statements",)
    asks = "words"
    judged = True
    published = {model: {"f1": value} for model, value in PUBLISHED.items()}  # noqa: RUF012
    protocol = (
        "Recall: which reference statements the caption states; consistency: which of its own statements the "
        "reference caption states, asked by the same question; F1 is that of the two means, which the "
        "released program does not compute. Figures of two judges are not comparable: the papers' is "
        "gpt-4.1-2025-04-14, --judge names the one here, and its default is a rule that compares words. As "
        "officially, a reply "
        '"Not Stated." with a full stop counts as stated, and "Stated" without a number is dropped.'
    )

    def cases(self, home: Path) -> list[Case]:
        """Reads the rows; the video is ``videos/<video_id>.mp4``."""
        videos, rows = VideoFiles(home), Table(find(self, home, "**/test*.parquet", "**/*.parquet")).rows

        def make(index: int, row: Row) -> Case:
            name = str(row["video_id"])
            if not row["atomic_statements"] or not str(row["aggregated_caption"]):
                raise SkippedRow("there is no reference")
            span = float(row.get("video_start") or 0.0), float(row.get("video_end") or 0.0) or None
            cut = f"{name}_{span[0]:.2f}_{span[1] or 0.0:.2f}"
            read = videos.reader((cut, name, name.rsplit("/", 1)[-1]), (1, 1), 2.0, span)
            return Case(index, row, PROMPT, PROMPT, read, {"source": str(row.get("source", ""))})

        return cases_of(rows, make)

    def ask(self, asker: Any, cases: Sequence[Case], shown: Sequence[Any]) -> list[Prediction]:
        """Asks for captions, and the judge about each."""
        captions = asking_videos.answer(asker, cases, shown, max_new_tokens=TOKENS)
        return [_judged(asker.judge, case, caption) for case, caption in zip(cases, captions, strict=True)]

    def score(self, case: Case, prediction: Prediction) -> Scores:
        """Recall and consistency, out of the replies that were kept."""
        said, truth = prediction.extra, case.row
        recall = read_verdicts(said.get("recall", ()), len(truth["atomic_statements"]))
        statements = split_statements(said.get("split", ""))
        consistency = read_verdicts(said.get("consistency", ()), len(statements))
        return {
            "recall": share_true(recall),
            "consistency": share_true(consistency),
            "statements": float(len(statements)),
            "by_category": by_category(recall, list(truth["statement_categories"])),
        }

    def figures(self, records: Sequence[Record]) -> dict[str, float]:
        """Means over all videos, F1 of the two, and recall by category."""
        recall, consistency = mean_of(records, "recall"), mean_of(records, "consistency")
        found: dict[str, list[float]] = {}
        for record in records:
            for category, value in record.scores.get("by_category", {}).items():
                found.setdefault(category, []).append(value)
        return {
            "f1": f1(recall, consistency),
            "recall": recall,
            "consistency": consistency,
            "statements": mean_of(records, "statements"),
            **{f"recall of {category}": float(np.mean(found[category])) for category in sorted(found)},
        }

    def truth(self, case: Case) -> Mapping[str, Any]:
        """The reference caption."""
        return {"text": str(case.row["aggregated_caption"])}

    def write_standins(self, home: Path, rng: np.random.Generator, count: int) -> None:
        """Clips of moving shapes, with a statement about each of them."""
        rows = []
        for number, standin in enumerate(clips(rng, max(4, count // 2))):  # long answers
            write_video(home / f"videos/clip{number}.mp4", standin)
            statements = [f"{standin.query} move across the picture", "The background is still"]
            rows.append(
                {
                    "video_id": f"clip{number}",
                    "source": "generated",
                    "video_start": 0.0,
                    "video_end": 0.0,
                    "duration": standin.frames[-1].timestamp,
                    "atomic_statements": statements,
                    "statement_categories": ["Motion/Trajectory", "Scene/Context"],
                    "aggregated_caption": ". ".join(statements) + ".",
                }
            )
        write_parquet(home / "data/test-00000-of-00001.parquet", rows)


def _judged(judge: Any, case: Case, caption: Prediction) -> Prediction:
    """Keeps what the judge says, so that a run can be scored again without it."""
    split = judge.split(caption.text)
    statements = [statement for statement, _ in split_statements(split)]
    recall = judge.verdicts(list(case.row["atomic_statements"]), caption.text)
    consistency = judge.verdicts(statements, str(case.row["aggregated_caption"])) if statements else []
    extra = {"split": split, "recall": recall, "consistency": consistency}
    return Prediction(caption.text, (), None, caption.truncated, extra)


CAPTIONS = Captions()
