"""Evaluation over named sources: what counts as what, and what is said of rows that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import molmo_act
from model.evaluation.ocr_baseline import labels_apart
from model.evaluation.pointing import evaluate, sources
from molmo_act.errors import InputError
from tests.model.data.drawn_icons import WORDS
from tests.model.data.drawn_pages import save_grid

ROWS = [
    {"img_filename": "a.png", "bbox": [10, 20, 30, 10], "instruction": "the menu", "data_type": "text"},
    {"img_filename": "a.png", "bbox": [60, 40, 10, 10], "instruction": "print", "data_type": "icon"},
    {"img_filename": "gone.png", "bbox": [0, 0, 9, 9], "instruction": "close", "data_type": "icon"},
]


def at(x: float, y: float, query: str) -> molmo_act.Points:
    return molmo_act.Points(
        xy=np.array([[x, y]], np.float32),
        score=np.ones(1, np.float32),
        object_id=np.ones(1, np.int64),
        image_index=np.zeros(1, np.int64),
        image_size=((100, 80),),
        query=query,
        absent=0.0,
        text="",
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    home = tmp_path / "ScreenSpot-v2"
    (home / "screenspotv2_image").mkdir(parents=True)
    Image.new("RGB", (100, 80)).save(home / "screenspotv2_image" / "a.png")
    (home / "screenspot_web_v2.json").write_text(json.dumps(ROWS))
    return tmp_path


def test_screenspot_is_scored_by_kind_and_gaps_are_said(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def point(image: np.ndarray, texts: list[str]) -> list[molmo_act.Points]:
        assert image.shape == (80, 100, 3)
        return [at(25, 25, text) for text in texts]  # where the menu is

    scores = evaluate(point, sources(data=data)["screenspot-v2"], 10, 8, "screenspot-v2")
    assert {kind: (found["queries"], found["hit_rate"]) for kind, found in scores.items()} == {
        "all": (2, 0.5),
        "text": (1, 1.0),
        "icon": (1, 0.0),
    }
    assert "1 left out: image is missing" in capsys.readouterr().err


def test_labels_are_counted_apart_from_icons(data: Path) -> None:
    pictures = sources(data=data)["screenspot-v2"]
    scores = evaluate(
        lambda image, texts: [at(1, 1, text) for text in texts], pictures, 10, 8, "", labels_apart
    )
    assert {kind: found["queries"] for kind, found in scores.items()} == {
        "with a label": 1,
        "text": 1,
        "icon": 1,
    }


def test_composed_pages_are_those_held_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.data.web.dataset.word_list", lambda split: WORDS)
    save_grid(tmp_path, "train-windows-0-00000", 800, 600)
    save_grid(tmp_path, "eval-windows-0-00000", 400, 300)
    (picture,) = sources(composed=tmp_path)["pages, composed"]
    assert picture.image.shape == (300, 400, 3)


def test_a_folder_without_data_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected one of the folders ScreenSpot-v2, ScreenSpot-Pro"):
        sources(data=tmp_path)
