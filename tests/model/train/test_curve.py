"""The learning curve: means of full windows of steps, looks as they are, gaps for what was not measured."""

from __future__ import annotations

import csv
import json

from model.train.curve import FILE, write_curve


def test_a_curve_is_made_of_metrics(tmp_path):
    lines = [
        {"step": step, "seconds": step / 2, "examples": 3 * step, "loss": 9.0, "tokens": 4}
        | ({"patch": float(step)} if step % 2 else {"shown": 0.5})
        for step in range(1, 120)
    ]
    look = {"step": 50, "seconds": 25.0, "examples": 150, "split": "scenes", "patch": 7.0}
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_text("".join(json.dumps(line) + "\n" for line in (*lines[:50], look, *lines[50:])))
    write_curve(metrics, ["patch", "shown", "never"])
    assert list(csv.reader((tmp_path / FILE).read_text().splitlines())) == [
        ["step", "seconds", "examples", "split", "patch", "shown", "never"],
        ["50", "25", "150", "train", "25.0000", "0.5000", ""],  # 1, 3 … 49
        ["50", "25", "150", "scenes", "7.0000", "", ""],
        [
            "100",
            "50",
            "300",
            "train",
            "75.0000",
            "0.5000",
            "",
        ],  # the last 19 are no window
    ]
    assert not list(tmp_path.glob("*.partial"))
