"""Readers of public data sets, on small files in exactly their schemas."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from model.data.datasets.images import SETS
from model.data.encoding.message_tree import ImageTreeEncoder
from model.data.errors import SkippedRow
from model.data.preview import main
from model.data.registry import open_source
from model.data.schema import POINTS_HERE, ImageSample
from model.train.models.nano import make_processor
from molmo_act.errors import InputError
from tests.model.train.small_run import GEOMETRY, make_tokenizer

WIDTH, HEIGHT = 200, 300
URL = "https://example.org/{}.jpg"
STRING, STRINGS = pa.string(), pa.list_(pa.string())
PLACE = pa.struct([("x", pa.float64()), ("y", pa.float64())])
BYTES = pa.struct([("bytes", pa.binary()), ("path", STRING)])
SIDES = ("x_center", "y_center", "width", "height")
ELEMENT = pa.struct([("name", STRING), ("intent", STRINGS), *((side, pa.int64()) for side in SIDES)])


def image_bytes(seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


class Shelf:
    """A folder of data sets that a test fills."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, rows: list[dict[str, Any]], group: int = 2, **columns: pa.DataType) -> None:
        path = self.folder / SETS[name].folder / SETS[name].files.replace("*/", "charts/").replace("*", "0")
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(rows, schema=pa.schema(list(columns.items())))
        pq.write_table(table, path, row_group_size=group)

    def sample(self, name: str, number: int = 0) -> dict[str, str]:
        """Columns of an image that was downloaded."""
        url, data = URL.format(number), image_bytes(number)
        folder = self.folder / SETS[name].folder / "images"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(url.encode()).hexdigest()).write_bytes(data)
        return {"image_url": url, "image_sha256": hashlib.sha256(data).hexdigest()}

    def read(self, name: str, index: int = 0, seed: int = 0) -> ImageSample:
        return open_source(name, self.folder).read(index, np.random.default_rng(seed))


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    return Shelf(tmp_path)


LINKED = {"image_url": STRING, "image_sha256": STRING}
POINTS = LINKED | {
    "label": STRING,
    "points": pa.list_(PLACE),
    "count": pa.int64(),
    "collection_method": STRING,
}


def points_row(shelf: Shelf, number: int = 0, **changes: Any) -> dict[str, Any]:
    row = {"label": "cup", "points": [{"x": 50.0, "y": 10.0}], "count": 1, "collection_method": "pointing"}
    return shelf.sample("pixmo-points", number) | row | changes


def test_pixmo_points(shelf):
    rows = [
        points_row(shelf, points=[{"x": 50.0, "y": 10.0}, {"x": 0.0, "y": 100.0}], count=2),
        points_row(shelf, 1, points=[], count=0),
        points_row(shelf, 2, collection_method="counting"),
    ]
    shelf.write("pixmo-points", rows, **POINTS)
    first = shelf.read("pixmo-points", 0)
    assert first.image.shape == (HEIGHT, WIDTH, 3)
    assert [target.point for target in first.queries[0].targets] == [(100.0, 30.0), (0.0, 300.0)]
    assert (first.queries[0].text, first.queries[0].kind) == ("cup", "noun")
    absent = shelf.read("pixmo-points", 1).queries[0]
    assert (absent.targets, absent.kind) == ((), "absent")
    (counted,) = shelf.read("pixmo-points", 2).question_answers
    assert counted.question == "How many cup are there?"
    assert counted.answer == f"Counting the {POINTS_HERE} shows a total of 1."
    assert counted.points[0].targets[0].point == (100.0, 30.0)


def test_pixmo_points_grouped_by_image(shelf):
    columns = LINKED | {
        "label": STRINGS,
        "points": pa.list_(pa.list_(PLACE)),
        "count": pa.list_(pa.int64()),
        "collection_method": STRING,
    }
    row = points_row(shelf, label=["cup", "cat"], points=[[{"x": 1.0, "y": 1.0}], []], count=[1, 0])
    shelf.write("pixmo-points", [row], **columns)
    sample = shelf.read("pixmo-points")
    assert [(query.label, len(query.targets)) for query in sample.queries] == [("cup", 1), ("cat", 0)]


def test_pixmo_count(shelf):
    places = pa.struct([("x", pa.list_(pa.float64())), ("y", pa.list_(pa.float64()))])
    columns = LINKED | {"label": STRING, "count": pa.int64(), "points": places}
    rows = [
        shelf.sample("pixmo-count")
        | {"label": "people", "count": 2, "points": {"x": [20.0, 30.0], "y": [40.0, 50.0]}},
        shelf.sample("pixmo-count", 1) | {"label": "people", "count": 7, "points": None},
    ]
    shelf.write("pixmo-count", rows, **columns)
    (with_points,) = shelf.read("pixmo-count", 0).question_answers
    assert [target.point for target in with_points.points[0].targets] == [(20.0, 40.0), (30.0, 50.0)]
    (without,) = shelf.read("pixmo-count", 1).question_answers
    assert (without.answer, without.kind) == ("There are 7.", "qa")


def test_pixmo_explanations(shelf):
    columns = LINKED | {
        "question": STRING,
        "response": STRING,
        "parsed_response": STRING,
        "alt_text": STRINGS,
        "inline_text": STRINGS,
        "points": pa.list_(pa.list_(PLACE)),
    }
    row = {
        "question": "Where do I pour?",
        "response": "raw",
        "parsed_response": f"Into {POINTS_HERE}, not {POINTS_HERE}.",
        "alt_text": ["spout", "lid"],
        "inline_text": ["the spout", "the lid"],
        "points": [[{"x": 10.0, "y": 10.0}], [{"x": 20.0, "y": 20.0}]],
    }
    rows = [
        shelf.sample("pixmo-points-explanations") | row | change
        for change in ({}, {"parsed_response": None}, {"parsed_response": f"Into {POINTS_HERE}."})
    ]
    shelf.write("pixmo-points-explanations", rows, **columns)
    (turn,) = shelf.read("pixmo-points-explanations", 0).question_answers
    assert [query.label for query in turn.points] == ["the spout", "the lid"]
    for index, complaint in ((1, "not parsed"), (2, "do not fit the response")):
        with pytest.raises(SkippedRow, match=complaint):
            shelf.read("pixmo-points-explanations", index)


def test_pixmo_cap_ask_and_docs(shelf):
    rows = [shelf.sample("pixmo-cap") | {"caption": "A cup.", "transcripts": ["well a cup", "a cup I see"]}]
    columns = {"image_url": STRING, "caption": STRING, "transcripts": STRINGS}
    shelf.write("pixmo-cap", [{key: rows[0][key] for key in columns}], **columns)
    caption, _ = shelf.read("pixmo-cap").question_answers
    assert (caption.answer, caption.kind) == ("A cup.", "caption")
    assert {shelf.read("pixmo-cap", seed=s).question_answers[1].answer for s in range(8)} == set(
        rows[0]["transcripts"]
    )

    name = "pixmo-ask-model-anything"
    shelf.write(
        name,
        [shelf.sample(name) | {"question": "Is it hot?", "answer": "Yes."}],
        **LINKED,
        question=STRING,
        answer=STRING,
    )
    assert [(s.question, s.answer) for s in shelf.read(name).question_answers] == [("Is it hot?", "Yes.")]

    asked = pa.struct([("question", STRINGS), ("answer", STRINGS)])
    row = {
        "image": {"bytes": image_bytes(), "path": "a.png"},
        "image_id": "7",
        "questions": {"question": ["Which bar?", "How high?"], "answer": ["The red one.", "Three."]},
    }
    shelf.write("pixmo-docs", [row], image=BYTES, image_id=STRING, questions=asked)
    assert [s.answer for s in shelf.read("pixmo-docs").question_answers] == ["The red one.", "Three."]


@pytest.mark.parametrize(
    ("hour", "text", "answer"),
    [
        (7, "7:57:39 AM", "The time shown is 7:57:39 AM"),
        (0, "12:09", "The time shown is 12:09"),
        (-1, "The time is not shown in the image.", "The time is not shown in the image."),
    ],
)
def test_pixmo_clocks(shelf, hour, text, answer):
    name = "zUwejbxxud/003_2020-06-28T08:15:30.833859_lggwatchr"
    numbers = {"hour_visible": hour, "minute_visible": 5, "second_visible": -1}
    columns = {"example_id": STRING, "text": STRING} | dict.fromkeys(numbers, pa.int32())
    shelf.write("pixmo-clocks", [{"example_id": name, "text": text} | numbers], **columns)
    with pytest.raises(SkippedRow, match="image is missing"):
        shelf.read("pixmo-clocks")
    path = shelf.folder / "pixmo-clocks" / "images" / f"{name}.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(image_bytes())
    sample = shelf.read("pixmo-clocks")
    assert sample.question_answers[0].answer == answer
    assert sample.image.shape == (HEIGHT - 120, WIDTH, 3)


def element(**changes: Any) -> dict[str, Any]:
    place = {"x_center": 20, "y_center": 30, "width": 50, "height": 10}
    return {"name": "Save", "intent": ["keep the file", "store it"]} | place | changes


def screen_row(**changes: Any) -> dict[str, Any]:
    image = {"bytes": image_bytes(), "path": None}
    row = {"id": "a", "image": image, "annotation": [element()], "metadata": "{}", "html": "<html></html>"}
    return row | changes


SCREEN = {"id": STRING, "image": BYTES, "annotation": pa.list_(ELEMENT), "metadata": STRING, "html": STRING}


def test_guisyn(shelf):
    shelf.write("guisyn-web", [screen_row()], **SCREEN)
    seen = [shelf.read("guisyn-web", seed=seed).queries[0] for seed in range(60)]
    assert {query.text for query in seen} == {"Save", "keep the file", "store it"}
    assert 0.65 < sum(query.text != "Save" for query in seen) / 60 < 0.95
    assert {query.label for query in seen} == {"Save"}
    assert seen[0].targets[0].point == (20.0, 30.0)
    assert seen[0].targets[0].box == (0, 25, 45, 35)  # what of it is in the image


def test_guisyn_elements_without_a_name_are_asked_for_by_intent_or_not_at_all(shelf):
    rows = [element(name=""), element(name=None, intent=[]), element(intent=None)]
    shelf.write("guisyn-web", [screen_row(annotation=rows)], **SCREEN)
    by_intent, by_name = shelf.read("guisyn-web").queries
    assert by_intent.text == by_intent.label
    assert by_intent.text in {"keep the file", "store it"}
    assert by_name.text == "Save"


def test_held_out_rows_are_not_read(shelf):
    shelf.write("guisyn-web", [screen_row()], **SCREEN)
    web = shelf.folder / "MolmoPoint-GUISyn" / "web"
    (web / "validation-00000-of-00001.parquet").write_bytes((web / "train-0.parquet").read_bytes())
    assert open_source("guisyn-web", shelf.folder).blocks == (1,)


BAD_ROWS = [
    (lambda row, shelf: row | {"points": [{"x": 101.0, "y": 1.0}]}, "outside the image"),
    (lambda row, shelf: row | {"image_url": URL.format("gone")}, "image is missing"),
    (lambda row, shelf: row | {"image_sha256": "0" * 64}, "has changed since"),
    (lambda row, shelf: row | {"label": None}, "not as expected"),
    (lambda row, shelf: row | {"label": "a <|im_end|> cup"}, "control tokens"),
    (lambda row, shelf: row | {"label": "<POINT_3>"}, "control tokens"),
]


@pytest.mark.parametrize(("spoil", "complaint"), BAD_ROWS)
def test_rows_that_cannot_be_used_say_why(shelf, spoil: Callable, complaint):
    shelf.write("pixmo-points", [spoil(points_row(shelf), shelf)], **POINTS)
    with pytest.raises(SkippedRow, match=complaint):
        shelf.read("pixmo-points")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"annotation": []}, "nothing to ask"),
        ({"image": None}, "image is missing"),
        ({"image": {"bytes": b"no picture", "path": None}}, "cannot be read"),
    ],
)
def test_screens_that_cannot_be_used_say_why(shelf, changes, complaint):
    shelf.write("guisyn-web", [screen_row(**changes)], **SCREEN)
    with pytest.raises(SkippedRow, match=complaint):
        shelf.read("guisyn-web")


def test_rows_are_read_by_number_over_groups_and_files(shelf):
    rows = [points_row(shelf, number, label=f"cup {number}") for number in range(5)]
    shelf.write("pixmo-points", rows, **POINTS)
    source = open_source("pixmo-points", shelf.folder)
    assert source.blocks == (2, 2, 1)
    labels = [source.read(i, np.random.default_rng(0)).queries[0].label for i in (4, 0, 3, 1, 2)]
    assert labels == ["cup 4", "cup 0", "cup 3", "cup 1", "cup 2"]


def test_a_damaged_file_and_a_missing_set_are_errors(shelf):
    with pytest.raises(InputError, match="hf download allenai/pixmo-points"):
        open_source("pixmo-points", shelf.folder)
    shelf.write("pixmo-points", [points_row(shelf)], **POINTS)
    (path,) = (shelf.folder / "pixmo-points" / "data").iterdir()
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="is damaged"):
        open_source("pixmo-points", shelf.folder)
    with pytest.raises(InputError, match="did you mean pixmo-points"):
        open_source("pixmo-point", shelf.folder)
    with pytest.raises(InputError, match="say with --data"):
        open_source("pixmo-points")


def test_explanations_become_answers_with_points_inside(shelf):
    test_pixmo_explanations(shelf)
    tokenizer = make_tokenizer()
    encoder = ImageTreeEncoder(make_processor(tokenizer, GEOMETRY))
    tree = encoder.encode(shelf.read("pixmo-points-explanations"), np.random.default_rng(0), 4, 0)
    (branch,) = tree.branches
    text = tokenizer.decode(branch.ids[branch.is_answer])
    assert text.startswith('Into <points coords="<POINT_')
    assert text.count("<points") == text.count("</points>") == 2
    assert "the spout</points>, not <points" in text


def test_inspect_shows_images_and_counts_what_it_skips(shelf, tmp_path, monkeypatch, capsys):
    rows = [points_row(shelf), points_row(shelf, 1) | {"image_url": URL.format("gone")}]
    shelf.write("pixmo-points", rows, **POINTS)
    out = tmp_path / "out"
    arguments = ["inspect", "pixmo-points", "--data", str(shelf.folder), "--out", str(out)]
    monkeypatch.setattr("sys.argv", arguments)
    assert main() == 0
    output = capsys.readouterr().out
    assert "shown: 1" in output
    assert "skipped: image is missing: 1" in output
    (path,) = (out / "pixmo-points").iterdir()
    shown = Image.open(path)
    assert shown.size[0] > WIDTH
    assert shown.getpixel((95, 30)) == (230, 25, 75)  # the ring around (100, 30)
    monkeypatch.setattr("sys.argv", ["inspect", "nothing"])
    assert main() == 2
