"""What is measured of the icon network, on networks whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.data.assets.named_icons import NONE, NamedIcon
from model.data.assets.names import icon_concepts
from model.data.paths import table_lines
from model.evaluation import icons as evaluation
from model.evaluation.icons import CONFUSABLE, Shown, gtk_icons, held_out_sets, measure, told_apart
from molmo_act.reading.icons.network import icon_network
from molmo_act.reading.icons.vocabulary import Concept, Vocabulary


class Known:
    """A network that reads its answer, a class and a probability, off two pixels."""

    vocabulary = Vocabulary(
        (Concept("arrow-left", ("left",)), Concept("arrow-right", ("right",)), Concept("star", ("star",)))
    )

    def probabilities(self, crops):
        shares = np.zeros((len(crops), 4), np.float32)
        for row, crop in zip(shares, crops, strict=True):
            row[:] = (1 - crop[0, 1]) / 3
            row[int(crop[0, 0])] = crop[0, 1]
        return shares


def crops(*answers):
    found = np.zeros((len(answers), 32, 32), np.float32)
    found[:, 0, :2] = answers
    return found


def test_measure():
    shown = Shown(
        "own",
        crops((0, 0.9), (1, 0.4), (2, 0.9), (3, 0.9), (2, 0.8)),
        ["arrow-left", "arrow-right", "arrow-left", NONE, NONE],
    )
    row = measure(Known(), shown)
    assert row["icons"] == 3
    assert row["others"] == 2
    assert row["right"] == pytest.approx(2 / 3, abs=1e-3)
    assert row["sure"] == pytest.approx(1 / 3, abs=1e-3)
    assert row["taken for one"] == 0.5
    assert row["ece"] > 0


def test_told_apart():
    shown = Shown("own", crops((0, 0.9), (0, 0.9), (2, 0.9)), ["arrow-left", "arrow-right", "star"])
    assert told_apart(Known(), [shown]) == {"arrow-left / arrow-right": 0.5}


def test_pairs_and_tables_name_concepts():
    keys = set(icon_concepts())
    assert {name for pair in CONFUSABLE for name in pair} <= keys
    assert {line.partition(" = ")[2] for line in table_lines("gtk_icons.txt")} <= keys


def test_gtk_icons(tmp_path):
    assert gtk_icons(tmp_path) is None
    (tmp_path / "actions").mkdir()
    icon = np.zeros((16, 16, 4), np.uint8)
    icon[2:14, 7:9, 3] = icon[7:9, 2:14, 3] = 255
    Image.fromarray(icon).save(tmp_path / "actions/list-add-symbolic.symbolic.png")
    shown = gtk_icons(tmp_path)
    assert shown.concepts == ["plus", "plus"]
    assert measure(icon_network(), shown)["right"] == 1


def test_sets_are_drawn_apart(monkeypatch):
    mask = np.full((72, 72), 255, np.uint8)
    found = [NamedIcon("eval", style, "stop", mask) for style in ("b", "a", "b")]
    monkeypatch.setattr(evaluation, "load_named_icons", lambda split: found)
    assert [(shown.name, len(shown.concepts)) for shown in held_out_sets(2)] == [("a", 2), ("b", 4)]
