"""Which concept a drawing of an icon set shows, by its name there; no set is fetched here."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from model.data.assets import named_icons as archive
from model.data.assets.named_icons import NONE, concept_named
from model.data.assets.names import icon_concepts
from molmo_act.errors import PlatformError


@pytest.mark.parametrize(
    ("name", "concept"),
    [
        ("search", "search"),
        ("search-outline", "search"),
        ("trash-2-fill", "trash"),  # two endings
        ("arrow-left-circle", "arrow-left"),  # a frame changes nothing
        ("circle-chevron-down", "chevron-down"),
        ("x-circle", "cancel-circle"),  # here the frame is part of it
        ("plus-circle", "plus-circle"),
        ("circle-plus", "plus-circle"),
        ("user-check", None),  # parts of two concepts
        ("folder-heart", None),
        ("yin-yang", NONE),
    ],
)
def test_concept_named(name, concept):
    assert concept_named(name) == concept


def test_every_name_of_a_concept_is_its_own_or_an_earlier_one():
    keys = list(icon_concepts())
    for concept in icon_concepts().values():
        for name in concept.filed:
            assert keys.index(concept_named(name)) <= keys.index(concept.name)


def test_sets_are_held_out_whole_and_their_licences_are_open():
    licences, splits = zip(*archive.NAMED_SETS.values(), strict=True)
    learned = {licence for licence, split in archive.NAMED_SETS.values() if split == "train"}
    assert learned <= {"MIT", "ISC", "Apache-2.0"}
    assert set(licences) <= learned | {"ISC", "CC-BY-4.0"}
    assert set(splits) == {"train", "eval"}
    assert max(Counter(package.rsplit("@", 1)[0] for package in archive.NAMED_SETS).values()) == 1


def test_the_archive_of_a_set(tmp_path, monkeypatch):
    pytest.importorskip("resvg_py", reason="resvg-py draws SVG; install the extra train")
    square = '<path d="M2 2h20v20h-20z" fill="currentColor"/>'
    bodies = {"trash": square, "trash-fill": square, "yin-yang": square, "user-check": square, "home": ""}
    monkeypatch.setattr(archive, "fetch_package", lambda package: package)
    monkeypatch.setattr(archive, "read_set", lambda package: (bodies, 24, 24))
    monkeypatch.setattr(archive, "NAMED_SETS", {"@a/one@1": ("MIT", "train"), "@a/two@1": ("ISC", "eval")})
    file = tmp_path / "icons.npz"
    monkeypatch.setattr("sys.argv", ["named_icons", "--out", str(file)])
    assert archive.main() == 0
    found = archive.load_named_icons("train", file)
    assert [(icon.style, icon.concept) for icon in found] == [("one", "trash"), ("one", NONE)]
    assert found[0].mask.dtype == np.uint8
    assert [icon.style for icon in archive.load_named_icons("eval", file)] == ["two", "two"]


def test_a_missing_archive_says_what_to_run(tmp_path):
    with pytest.raises(PlatformError, match=r"python -m model\.data\.assets\.named_icons"):
        archive.load_named_icons("train", tmp_path / "none.npz")
