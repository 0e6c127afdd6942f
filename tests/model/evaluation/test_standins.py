"""Stand-ins: the same for the same seed, with masks where the pixels of the object are."""

from __future__ import annotations

from itertools import islice

import numpy as np

from model.evaluation.standins import asked, forms, mask_of, png, scenes
from molmo_act.io.image import to_rgb


def test_the_same_seed_gives_the_same():
    for make in (forms, scenes):
        one, other = (next(make(np.random.default_rng(5))) for _ in range(2))
        assert np.array_equal(one.image, other.image)
        assert [query.text for query in one.queries] == [query.text for query in other.queries]
    assert next(forms(np.random.default_rng(5), (320, 200))).image.shape == (200, 320, 3)


def test_queries_have_targets_unless_absent_ones_are_allowed():
    rng = np.random.default_rng(1)
    found = list(asked(scenes(rng), rng, 6))
    assert len(found) == 6
    assert all(query.targets for _, query in found)
    mixed = [query for _, query in islice(asked(scenes(rng), rng, 40, absent=True), 40)]
    assert any(not query.targets for query in mixed)


def test_masks_lie_where_their_target_is():
    rng = np.random.default_rng(2)
    for sample, query in asked(scenes(rng), rng, 4):
        for target in query.targets:
            mask = mask_of(target, sample.image)
            assert mask.any()
            assert all(target.contains(x + 0.5, y + 0.5) for y, x in np.argwhere(mask)[::37])


def test_png_keeps_every_pixel():
    image = next(forms(np.random.default_rng(0))).image
    assert np.array_equal(to_rgb(png(image)), image)
