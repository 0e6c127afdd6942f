"""Which objects a scene is to show."""

from __future__ import annotations

import numpy as np

from model.data.scenes.nouns import clash
from model.data.scenes.shapes import SHAPES
from model.data.scenes.spec import ObjectSpec, drawing_spec, scene_specs, shape_spec
from tests.model.data.drawn_sprites import flat_library


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_scenes_have_one_to_ten_objects_that_nobody_confuses() -> None:
    library, counts = flat_library(), set()
    for seed in range(150):
        specs = scene_specs(rng(seed), library)
        counts.add(len(specs))
        nouns = {spec.noun for spec in specs}
        assert not any(clash(one, other) for one in nouns for other in nouns if one != other)
    assert min(counts) == 1
    assert 8 <= max(counts) <= 10


def test_without_a_library_there_are_only_coloured_shapes() -> None:
    for seed in range(30):
        for spec in scene_specs(rng(seed), None):
            assert spec.noun in SHAPES
            assert spec.colour
            assert spec.drawing is None


def test_shapes_and_colours_are_often_repeated() -> None:
    nouns, specs = ["star", "ring"], [ObjectSpec("star", "pink", None)]
    found = [shape_spec(rng(seed), nouns, specs) for seed in range(300)]
    found = [spec for spec in found if spec is not None]
    assert sum(spec.noun in nouns for spec in found) > 0.5 * len(found)
    assert sum(spec.colour == "pink" for spec in found) > 0.3 * len(found)


def test_a_lookalike_of_what_is_there_is_refused() -> None:
    found = [shape_spec(rng(seed), ["square"]) for seed in range(200)]
    assert None in found
    assert not any(spec and spec.noun != "square" and clash(spec.noun, "square") for spec in found)


def test_a_drawing_shows_its_noun_and_is_tinted_now_and_then() -> None:
    library = flat_library()
    found = [drawing_spec(rng(seed), library, ["dog"]) for seed in range(300)]
    found = [spec for spec in found if spec is not None]
    for spec in found:
        assert spec.drawing in library.by_noun[spec.noun]
        assert spec.tinted == (spec.colour is not None)  # these drawings have no colour of their own
    assert 0.05 < sum(spec.tinted for spec in found) / len(found) < 0.2
    assert sum(spec.noun == "dog" for spec in found) > 0.3 * len(found)
