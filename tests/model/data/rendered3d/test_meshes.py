"""Solids: whole meshes with their outsides out, standing on the ground, as large as they should be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from model.data.rendered3d.meshes import KINDS, NOUNS, bar, make_object, prism, turned
from model.data.scenes.nouns import plural
from model.data.scenes.shapes import COLOURS


def volume(part) -> float:
    """Of a closed mesh, negative when it is inside out."""
    total = 0.0
    for face in part.faces:
        corners = part.vertices[list(face)]
        for second, third in itertools.pairwise(corners[1:]):
            total += float(np.dot(corners[0], np.cross(second, third))) / 6
    return total


def test_volumes_of_known_bodies():
    assert volume(bar(1, 2, 3)) == pytest.approx(6)
    assert volume(prism(np.array([[0, 0], [1, 0], [0, 1]]), 2)) == pytest.approx(1)
    assert volume(turned([(0, 0), (1, 0), (1, 2), (0, 2)], 400)) == pytest.approx(2 * np.pi, rel=1e-3)


@pytest.mark.parametrize("noun", NOUNS)
def test_every_mesh_is_whole_and_stands(noun):
    rng = np.random.default_rng(0)
    for _ in range(3):
        parts = make_object(rng, noun, 2.0)
        corners = np.concatenate([part.vertices for part in parts])
        assert corners[:, 2].min() == pytest.approx(0, abs=1e-9)
        assert np.ptp(corners, axis=0).max() == pytest.approx(2 * KINDS[noun].size)
        assert any(part.rgb is None for part in parts)  # something has the colour it is called by
        for part in parts:
            assert {corner for face in part.faces for corner in face} <= set(range(len(part.vertices)))
            edges = [pair for face in part.faces for pair in zip(face, (*face[1:], face[0]), strict=True)]
            assert len(edges) == len(set(edges))  # neighbours are turned the same way
            assert volume(part) > 0  # and outwards


def test_names_and_colours_can_be_asked_for():
    for noun, kind in KINDS.items():
        assert plural(noun)
        assert set(kind.colours) <= set(COLOURS)
