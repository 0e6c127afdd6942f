"""The page: alone in its file, with pictures, and text of data sets and models stays text."""

from __future__ import annotations

import json
import re

import numpy as np

from model.evaluation.benchmark import Prediction, Record, fingerprint
from model.evaluation.report_page import BEST, WORST, chosen, draw, write_page
from model.evaluation.run_files import open_run
from model.evaluation.summary import read_result
from tests.model.evaluation.harness import Doubling, header


def result(folder, rows, records):
    folder.mkdir()
    (folder / "rows.json").write_text(json.dumps(rows))
    told_apart = fingerprint(Doubling().cases(folder))
    about = header(rows=len(rows), data=str(folder), data_sha256=told_apart)
    with open_run(folder, about, shard=(0, 1), resume=False) as (writer, _):
        writer.add(records)
    return read_result(folder, Doubling())


def test_the_page_stands_alone_and_takes_text_as_text(tmp_path):
    said = Prediction('<script>alert("x")</script>', ((1, 0, 3.0, 3.0),))
    rows = [{"n": 1}, {"n": 2, "dead": True}, {"bad": 1}]
    records = [
        Record(0, {"correct": 0.0}, {}, None, said),
        Record(1, {"correct": 0.0}, {}, "image is missing"),
    ]
    found = result(tmp_path / "run", rows, [*records, Record(2, {}, {}, "row is <b>damaged</b>")])
    write_page(tmp_path / "deep" / "page.html", [[found]])
    page = (tmp_path / "deep" / "page.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>damaged" not in page
    assert "&lt;script&gt;" in page
    assert page.count("data:image/jpeg;base64,") == 1
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []
    assert "paper (published)" in page


def test_a_page_without_its_data_says_so(tmp_path):
    found = result(tmp_path / "run", [{"n": 1}], [Record(0, {"correct": 1.0}, {}, None, Prediction("2"))])
    (tmp_path / "run" / "rows.json").unlink()
    write_page(tmp_path / "page.html", [[found]])
    assert "No images of m" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_page_shows_no_images_of_other_data(tmp_path):
    found = result(tmp_path / "run", [{"n": 1}], [Record(0, {"correct": 1.0}, {}, None, Prediction("2"))])
    (tmp_path / "run" / "rows.json").write_text('[{"n": 2}]')
    write_page(tmp_path / "page.html", [[found]])
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "the data set has changed since" in page
    assert "data:image" not in page


def test_halves_of_characters_are_written(tmp_path):
    said = Prediction("half \ud800")
    found = result(tmp_path / "run", [{"n": 1}], [Record(0, {"correct": 0.0}, {}, None, said)])
    write_page(tmp_path / "page.html", [[found]])
    assert "half ?" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_worst_and_best_are_shown_once(tmp_path):
    rows = [{"n": number} for number in range(WORST + BEST + 5)]
    records = [
        Record(index, {"correct": index / 100}, {}, None, Prediction("x")) for index in range(len(rows))
    ]
    worst, best = chosen(result(tmp_path / "run", rows, records))
    assert [one.index for one in worst] == list(range(WORST))
    assert [one.index for one in best] == list(range(len(rows) - BEST, len(rows)))
    few = chosen(result(tmp_path / "few", rows, records[:3]))
    assert [len(part) for part in few] == [3, 0]


def test_truth_is_green_and_points_are_red():
    mask = np.zeros((20, 30), bool)
    mask[2:6, 2:6] = True
    answer = Prediction("", ((1, 0, 20.0, 12.0),))
    picture = draw(np.zeros((20, 30, 3), np.uint8), answer, {"masks": [mask], "boxes": [(28, 18, 10, 14)]})
    shown = np.asarray(picture)
    assert picture.size == (30, 20)
    assert shown[3, 3, 1] > 60
    assert shown[12, 20].tolist() == [220, 0, 0]
