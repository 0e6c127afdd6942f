"""Pairs out of runs: the same rows, nothing that tells the model, points where they were answered."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from model.evaluation.asking_videos import WRITTEN
from model.evaluation.benchmark import Prediction, Record
from model.evaluation.preference.from_runs import shown_words, write_items
from model.evaluation.preference.items import read_items
from model.evaluation.registry import BENCHMARKS
from model.evaluation.run_files import open_run
from molmo_act.errors import InputError
from tests.model.evaluation.harness import header


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("points")
    BENCHMARKS["molmo2-video-point"].write_standins(folder, np.random.default_rng(1), 6)
    return folder


def write_run(folder, home, name, records, data="d", benchmark="molmo2-video-point"):
    about = header(benchmark=benchmark, data=str(home), data_sha256=data, rows=3)
    about["model"] = {**about["model"], "name": name}
    with open_run(folder, about, shard=(0, 1), resume=False) as (writer, _):
        writer.add(records)
    return folder


def record(index, **changed):
    answer = Prediction("<points>", ((1, 0.5, 24.0, 18.0),))
    return replace(Record(index, {"f1": 1.0}, prediction=answer), **changed)


TEXT = Prediction('<points coords="1.0 1 500 500">x</points>', extra={WRITTEN: True})


def test_rows_that_all_models_answered(tmp_path, home):
    one = write_run(
        tmp_path / "1", home, "nano", [record(0), record(1), record(2, problem="x", prediction=None)]
    )
    two = write_run(tmp_path / "2", home, "8B", [record(0, prediction=TEXT), record(2)])
    assert write_items([one, two], tmp_path / "out") == {"items": 1}
    [item] = read_items(tmp_path / "out/items.jsonl")
    assert (item.name, item.is_video, set(item.answers)) == ("molmo2-video-point/0", True, {"nano", "8B"})
    assert item.answers["nano"].points == ((0.5, 24.0, 18.0),)
    assert item.answers["8B"].points == ((1.0, 120.0, 90.0),)  # read from the text, of 240 × 180 pixels
    assert {answer.text for answer in item.answers.values()} == {""}
    with pytest.raises(InputError, match="is not empty"):
        write_items([one, two], tmp_path / "out")


def test_two_runs_of_one_model_are_told_apart(tmp_path, home):
    runs = [write_run(tmp_path / name, home, "nano", [record(0), record(1)]) for name in "ab"]
    write_items(runs, tmp_path / "out", limit=1)
    [item] = read_items(tmp_path / "out/items.jsonl")
    assert set(item.answers) == {f"nano ({run})" for run in runs}


def test_runs_that_share_nothing(tmp_path, home):
    one = write_run(tmp_path / "1", home, "nano", [record(0)])
    others = [
        write_run(tmp_path / "2", home, "8B", [record(0)], data="other"),
        write_run(tmp_path / "3", home, "8B", [record(1)]),
        write_run(tmp_path / "4", home, "8B", [record(0)], benchmark="vpos"),
    ]
    for other in others:
        with pytest.raises(InputError, match="share no row that can be shown"):
            write_items([one, other], tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_words_do_not_tell_the_model():
    written = 'There are <points coords="1 1 500 500">two cups</points> <POINT_3> <POINT_9>1 here.<|im_end|>'
    assert shown_words(written) == "There are two cups  1 here."
    assert shown_words("2 < 3 and <b>") == "2 < 3 and <b>"


def test_items_are_json_of_this_folder_alone(tmp_path, home):
    runs = [write_run(tmp_path / name, home, name, [record(0)]) for name in "ab"]
    write_items(runs, tmp_path / "out")
    row = json.loads((tmp_path / "out/items.jsonl").read_text())
    assert row["video"] == "media/molmo2-video-point-0.mp4"
    assert (tmp_path / "out" / row["video"]).is_file()
