"""Simple windows: what is asked for is there, what is absent is not, equal seeds draw equal images."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.screens.forms import draw_form


@pytest.mark.parametrize("size", [(96, 96), (200, 170), (420, 400)])
def test_targets_are_buttons_inside_the_image(size):
    for seed in range(20):
        sample = draw_form(np.random.default_rng(seed), *size)
        assert sample.image.shape == (size[1], size[0], 3)
        for query in sample.queries:
            assert (query.kind == "absent") == (not query.targets)
            assert (query.label in sample.caption) == bool(query.targets)
            for target in query.targets:
                x0, y0, x1, y1 = target.box
                assert 0 <= x0 < x1 <= size[0]
                assert 0 <= y0 < y1 <= size[1]
                assert target.contains(*target.point)


def test_buttons_do_not_overlap():
    for seed in range(20):
        sample = draw_form(np.random.default_rng(seed), 300, 240)
        boxes = {query.targets[0].box for query in sample.queries if query.targets}
        covered = np.zeros((240, 300), int)
        for x0, y0, x1, y1 in boxes:
            covered[int(y0) : int(y1), int(x0) : int(x1)] += 1
        assert covered.max(initial=0) <= 1


def test_a_label_is_drawn_on_its_button():
    sample = draw_form(np.random.default_rng(3), 300, 240)
    boxes = [query.targets[0].box for query in sample.queries if query.targets]
    assert boxes
    for x0, y0, x1, y1 in boxes:
        inside = sample.image[int(y0) + 2 : int(y1) - 2, int(x0) + 2 : int(x1) - 2]
        assert np.ptp(inside.astype(int)) > 60  # ink on paper


def test_equal_seeds_give_equal_images():
    first, second = (draw_form(np.random.default_rng(5), 200, 200) for _ in range(2))
    assert np.array_equal(first.image, second.image)
    assert [query.text for query in first.queries] == [query.text for query in second.queries]
