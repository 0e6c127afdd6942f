"""The probe images that come with the library."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

import molmo_act
from model.data import probes

BUNDLED = Path(molmo_act.__file__).parent / "quantization" / "probes"


def test_the_bundled_probes_are_those_that_the_command_makes(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("sys.argv", ["probes", "--out", str(tmp_path)])
    assert probes.main() == 0
    made = json.loads((tmp_path / "probes.json").read_text())
    assert len(made) == probes.SCENES + probes.WINDOWS
    assert {len(probe["queries"]) for probe in made} == {probes.QUERIES}
    bundled = json.loads((BUNDLED / "probes.json").read_text())
    scenes = slice(0, probes.SCENES)  # windows are written in the fonts of the machine
    assert made[scenes] == bundled[scenes]
    for probe in made[scenes]:
        one, other = (np.asarray(Image.open(folder / probe["image"]), int) for folder in (tmp_path, BUNDLED))
        assert np.abs(one - other).mean() < 1


def test_every_probe_has_the_size_and_enough_queries() -> None:
    drawn = probes.samples()
    assert len(drawn) == 12
    for sample in drawn:
        assert sample.image.shape == (240, 320, 3)
        assert len(sample.queries) >= probes.QUERIES
