"""What points carry of what the model saw."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act import InputError, PointingModel, Points
from tests.support.tiny_checkpoint import load_case, tiny_model, tiny_processor

FRAMES = np.asarray(load_case("video_four")[0][0]["content"][1]["video"])


def test_points_carry_the_features_of_their_patches():
    model = PointingModel(tiny_model(), tiny_processor(), "tiny")
    encoded = model.encode(FRAMES[0])
    first, second = model.point(encoded, ["the cat", "dogs"], max_points=3)
    table = encoded.prefix.state.image_features_BPD[0].numpy()
    for points in (first, second):
        assert len(points)
        assert points.features.shape == (len(points), table.shape[1])
        named = [int(part.split(">")[0]) for part in points.text.split("<POINT_")[1:]]
        patches = [named[place] for place in range(0, 3 * len(points), 3)]
        np.testing.assert_allclose(points.features, table[patches], atol=1e-6)
    assert model.point(encoded, "the cat", min_score=1.0).features is None  # no point, nothing seen


def test_features_of_another_number_of_points_are_refused():
    with pytest.raises(InputError, match=r"Points\.features"):
        Points(xy=[[1, 2]], score=[0.5], image_size=[(8, 6)], query="cat", features=np.zeros((2, 4)))
