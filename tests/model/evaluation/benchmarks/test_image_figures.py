"""Published averages of the eleven image sets follow from the figures of each."""

from __future__ import annotations

import pytest

from model.evaluation.benchmarks.image_figures import FIGURES, SETS, published_of

AVERAGES = {
    **{"MolmoPoint-8B": 82.2, "Molmo2-8B": 81.7, "Molmo-72B": 81.2, "Molmo-7B-D": 77.3},
    **{"Molmo-7B-O": 74.6, "MolmoE-1B": 68.6, "GPT-4o": 78.5},
}


def test_averages():
    for model, figures in FIGURES.items():
        assert len(figures) == len(SETS)
        assert sum(figures) / len(SETS) == pytest.approx(AVERAGES[model], abs=0.1), model
    assert published_of("DocVQA")["Molmo2-8B"] == {"score": 93.2}
