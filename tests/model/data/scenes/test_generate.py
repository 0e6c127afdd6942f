"""Scenes: reproducible bytes, points on visible pixels, and answers that are true of the image."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from model.data.scenes.generate import draw_scene, scenes
from model.data.scenes.sprite_library import SpriteLibrary
from model.data.schema import ImageSample
from molmo_act.errors import InputError
from tests.model.data.drawn_sprites import FLAT, flat_library


def draw(
    number: int, library: SpriteLibrary | None = None, size: tuple[int, int] = (320, 240)
) -> ImageSample:
    return draw_scene(np.random.default_rng((7, number)), *size, library)


def same(one: ImageSample, other: ImageSample) -> bool:
    queries = len(one.queries) == len(other.queries) and all(
        (a.text, a.label, a.kind) == (b.text, b.label, b.kind)
        and [(t.point, t.box) for t in a.targets] == [(t.point, t.box) for t in b.targets]
        for a, b in zip(one.queries, other.queries, strict=True)
    )
    return queries and one.caption == other.caption and one.image.tobytes() == other.image.tobytes()


@pytest.mark.parametrize(
    "library",
    [
        pytest.param(None, id="shapes only"),
        pytest.param(flat_library(), id="drawings on drawn grounds"),
        pytest.param(flat_library(photos=2), id="drawings on photographs"),
    ],
)
def test_same_seed_gives_the_same_bytes(library: SpriteLibrary | None) -> None:
    for number in range(12):
        assert same(draw(number, library), draw(number, library))
    assert not same(draw(0, library), draw(1, library))


def test_images_are_rgb_of_the_size_asked_for() -> None:
    for number, size in enumerate([(96, 96), (451, 203), (200, 450), (768, 768)]):
        image = draw(number, flat_library(photos=1), size).image
        assert image.shape == (size[1], size[0], 3)
        assert image.dtype == np.uint8


@pytest.mark.parametrize("size", [(95, 200), (200, 769), (0, 0)])
def test_sizes_out_of_range_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="96 to 768"):
        draw(0, None, size)


def test_every_point_lies_on_what_is_visible_of_its_object() -> None:
    checked = 0
    for number in range(60):
        sample = draw(number, flat_library())
        for target in itertools.chain.from_iterable(q.targets for q in sample.queries):
            x0, y0, x1, y1 = target.box
            assert 0 <= x0 < x1 <= 320
            assert 0 <= y0 < y1 <= 240
            assert target.contains(*target.point)
            assert target.mask is not None
            assert target.mask.shape == (y1 - y0, x1 - x0)
            assert target.mask[0].any()
            assert target.mask[-1].any()
            assert target.mask[:, 0].any()
            assert target.mask[:, -1].any()
            checked += 1
    assert checked > 200


def test_masks_of_different_objects_do_not_overlap() -> None:
    for number in range(30):
        sample = draw(number, flat_library())
        owner = np.zeros((240, 320), int)
        for target in {t.box: t for q in sample.queries for t in q.targets}.values():
            x0, y0, x1, y1 = (int(v) for v in target.box)
            assert target.mask is not None
            owner[y0:y1, x0:x1] += target.mask
        assert owner.max() <= 1


@pytest.mark.slow
def test_pixels_under_a_point_have_the_colour_of_the_noun() -> None:
    """The drawings are flat, so the pixel says which noun is there; the camera shifts colours a little."""
    right = wrong = 0
    for number in range(80):
        sample = draw(number, flat_library())
        for query in sample.queries:
            if query.kind not in ("noun", "count") or query.label not in FLAT:
                continue
            if any(phrase.endswith(f" {query.label}") for phrase in sample.caption):
                continue  # painted over in another colour
            for target in query.targets:
                x, y = (int(v) for v in target.point)
                seen = sample.image[y - 1 : y + 2, x - 1 : x + 2].mean(axis=(0, 1))
                away = {noun: np.abs(seen - colour).sum() for noun, colour in FLAT.items()}
                right, wrong = (
                    (right + 1, wrong) if min(away, key=away.get) == query.label else (right, wrong + 1)
                )
    assert right > 60
    assert wrong <= 0.08 * right


def test_names_in_the_caption_are_the_objects_that_queries_find() -> None:
    for number in range(40):
        sample = draw(number, None)
        for query in sample.queries:
            if query.kind in ("noun", "count"):
                assert len(query.targets) == sum(p.split()[-1] == query.label for p in sample.caption)


@pytest.mark.slow
def test_about_one_query_in_six_is_absent_and_images_are_asked_densely() -> None:
    images = [draw(number, flat_library()) for number in range(150)]
    queries = [query for sample in images for query in sample.queries]
    absent = [query for query in queries if query.kind.startswith("absent")]
    assert all(not query.targets for query in absent)
    assert all(query.targets for query in queries if not query.kind.startswith("absent"))
    assert 0.13 < len(absent) / len(queries) < 0.23
    assert any(query.kind == "absent colour" for query in absent)
    assert np.median([len(sample.queries) for sample in images]) >= 10
    assert max(len(sample.queries) for sample in images) <= 16
    for sample in images:
        assert len({query.text for query in sample.queries}) == len(sample.queries)


def test_workers_together_yield_the_stream_of_one() -> None:
    library = flat_library()
    alone = list(itertools.islice(scenes(3, library=library), 6))
    shared = [scenes(3, worker, 2, library=library) for worker in range(2)]
    for number, sample in enumerate(alone):
        assert same(sample, next(shared[number % 2]))


def test_a_stream_can_be_resumed_and_splits_differ() -> None:
    library = flat_library()
    fourth = next(itertools.islice(scenes(3, library=library, size=(200, 200)), 4, None))
    assert same(fourth, next(scenes(3, library=library, size=(200, 200), start=4)))
    other = next(scenes(3, library=library, size=(200, 200), start=4, split="fresh"))
    assert not same(fourth, other)


@pytest.mark.parametrize(("worker", "workers"), [(2, 2), (-1, 1), (0, 0)])
def test_unusable_workers_are_refused(worker: int, workers: int) -> None:
    with pytest.raises(InputError, match="worker"):
        next(scenes(1, worker, workers, library=flat_library()))
