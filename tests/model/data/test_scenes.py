"""Scenes: reproducible bytes, points on visible pixels, and answers that are true of the picture."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from model.data.sample import Picture
from model.data.scene_assets import PictureLibrary
from model.data.scene_canvas import Canvas
from model.data.scene_wishes import Wish
from model.data.scenes import draw_scene, scenes, visible_target
from molmo_act.errors import InputError
from tests.model.data.drawn_things import FLAT, flat_library


def draw(number: int, library: PictureLibrary | None = None, size: tuple[int, int] = (320, 240)) -> Picture:
    return draw_scene(np.random.default_rng((7, number)), *size, library)


def same(one: Picture, other: Picture) -> bool:
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
def test_same_seed_gives_the_same_bytes(library: PictureLibrary | None) -> None:
    for number in range(12):
        assert same(draw(number, library), draw(number, library))
    assert not same(draw(0, library), draw(1, library))


def test_pictures_are_rgb_of_the_size_asked_for() -> None:
    for number, size in enumerate([(96, 96), (451, 203), (200, 450), (768, 768)]):
        image = draw(number, flat_library(photos=1), size).image
        assert image.shape == (size[1], size[0], 3)
        assert image.dtype == np.uint8


@pytest.mark.parametrize("size", [(95, 200), (200, 769), (0, 0)])
def test_sizes_out_of_range_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="96 to 768"):
        draw(0, None, size)


def test_every_point_lies_on_what_is_visible_of_its_thing() -> None:
    checked = 0
    for number in range(60):
        picture = draw(number, flat_library())
        for target in itertools.chain.from_iterable(q.targets for q in picture.queries):
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


def test_masks_of_different_things_do_not_overlap() -> None:
    for number in range(30):
        picture = draw(number, flat_library())
        owner = np.zeros((240, 320), int)
        for target in {t.box: t for q in picture.queries for t in q.targets}.values():
            x0, y0, x1, y1 = (int(v) for v in target.box)
            assert target.mask is not None
            owner[y0:y1, x0:x1] += target.mask
        assert owner.max() <= 1


def test_pixels_under_a_point_have_the_colour_of_the_noun() -> None:
    """The drawings are flat, so the pixel says which noun is there; the camera shifts colours a little."""
    right = wrong = 0
    for number in range(80):
        picture = draw(number, flat_library())
        for query in picture.queries:
            if query.kind not in ("noun", "count") or query.label not in FLAT:
                continue
            if any(phrase.endswith(f" {query.label}") for phrase in picture.caption):
                continue  # painted over in another colour
            for target in query.targets:
                x, y = (int(v) for v in target.point)
                seen = picture.image[y - 1 : y + 2, x - 1 : x + 2].mean(axis=(0, 1))
                away = {noun: np.abs(seen - colour).sum() for noun, colour in FLAT.items()}
                right, wrong = (
                    (right + 1, wrong) if min(away, key=away.get) == query.label else (right, wrong + 1)
                )
    assert right > 60
    assert wrong <= 0.08 * right


def test_names_in_the_caption_are_the_things_that_queries_find() -> None:
    for number in range(40):
        picture = draw(number, None)
        for query in picture.queries:
            if query.kind in ("noun", "count"):
                assert len(query.targets) == sum(p.split()[-1] == query.label for p in picture.caption)


def test_about_one_query_in_six_is_absent_and_pictures_are_asked_densely() -> None:
    pictures = [draw(number, flat_library()) for number in range(150)]
    queries = [query for picture in pictures for query in picture.queries]
    absent = [query for query in queries if query.kind.startswith("absent")]
    assert all(not query.targets for query in absent)
    assert all(query.targets for query in queries if not query.kind.startswith("absent"))
    assert 0.13 < len(absent) / len(queries) < 0.23
    assert any(query.kind == "absent colour" for query in absent)
    assert np.median([len(picture.queries) for picture in pictures]) >= 10
    assert max(len(picture.queries) for picture in pictures) <= 16
    for picture in pictures:
        assert len({query.text for query in picture.queries}) == len(picture.queries)


def test_workers_together_yield_the_stream_of_one() -> None:
    library = flat_library()
    alone = list(itertools.islice(scenes(3, library=library), 6))
    shared = [scenes(3, worker, 2, library=library) for worker in range(2)]
    for number, picture in enumerate(alone):
        assert same(picture, next(shared[number % 2]))


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


def _disc(side: int) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    return np.hypot(rows, columns) < side / 2


def _ring(side: int) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side] - (side - 1) / 2
    return _disc(side) & (np.hypot(rows, columns) > side / 4)


def _two_parts() -> np.ndarray:
    mask = np.zeros((30, 60), bool)
    mask[5:25, 5:15] = True
    mask[2:28, 30:58] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "near", "within"),
    [
        pytest.param(_disc(41), (20.5, 20.5), 1.0, id="a disc: its centre"),
        pytest.param(_two_parts(), (44.0, 15.0), 1.0, id="cut in two: the centre of the larger part"),
        pytest.param(np.ones((1, 1), bool), (0.5, 0.5), 0.1, id="a single pixel"),
        pytest.param(np.ones((2, 50), bool), (25.0, 1.0), 2.0, id="a thin line"),
    ],
)
def test_point_is_the_centre_of_what_is_visible(
    mask: np.ndarray, near: tuple[float, float], within: float
) -> None:
    target = visible_target(mask, 100, 50)
    assert target.contains(*target.point)
    assert np.hypot(target.point[0] - 100 - near[0], target.point[1] - 50 - near[1]) <= within


def test_point_of_a_ring_lies_on_the_ring() -> None:
    target = visible_target(_ring(40), 0, 0)
    assert target.contains(*target.point)
    assert 10 < np.hypot(target.point[0] - 20, target.point[1] - 20) < 20


def _sticker(side: int, level: int) -> np.ndarray:
    return np.dstack([np.full((side, side, 3), level, np.uint8), np.full((side, side), 255, np.uint8)])


@pytest.mark.parametrize(
    ("left", "top", "hide", "laid"),
    [
        pytest.param(60, 60, 0.1, True, id="beside it"),
        pytest.param(22, 10, 0.9, True, id="covers 40 %: 60 % of the lower one is left"),
        pytest.param(22, 10, 0.1, False, id="covers more than allowed"),
        pytest.param(12, 10, 0.99, False, id="covers 90 %: too little of the lower one would be left"),
        pytest.param(-12, 60, 0.1, False, id="more than a quarter of it lies outside"),
        pytest.param(-4, 60, 0.1, True, id="a fifth of it lies outside"),
        pytest.param(300, 60, 0.1, False, id="wholly outside"),
    ],
)
def test_nothing_is_laid_where_it_would_hide_too_much(left: int, top: int, hide: float, laid: bool) -> None:
    canvas = Canvas(np.zeros((100, 100, 3), np.uint8), np.zeros((100, 100), np.uint8))
    assert canvas.paste(_sticker(20, 90), 10, 10, Wish("box", None, None), hide=0.1)
    before = canvas.image.copy()
    assert canvas.paste(_sticker(20, 200), left, top, Wish("box", None, None), hide=hide) is laid
    assert (canvas.image == 200).any() == laid
    assert laid or (canvas.image == before).all()


def test_half_transparent_pixels_blend_with_the_ground() -> None:
    canvas = Canvas(np.full((50, 50, 3), 100, np.uint8), np.zeros((50, 50), np.uint8))
    sprite = np.dstack([np.full((20, 20, 3), 60, np.uint8), np.full((20, 20), 128, np.uint8)])
    assert canvas.paste(sprite, 5, 5, Wish("box", None, None), hide=0.1)
    assert abs(int(canvas.image[10, 10, 0]) - (60 + 100 * 127 / 255)) <= 1
