"""What is drawn can be seen where it belongs, at every size, and nothing else of the image changes size."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from molmo_act.errors import InputError
from molmo_act.outputs.points import Points
from molmo_act.visualize import draw_heatmap, draw_points, heat_colours

GREY = 128


def flat(size: tuple[int, int]) -> np.ndarray:
    return np.full((size[1], size[0], 3), GREY, dtype=np.uint8)


def some_points(
    xy: list[tuple[float, float]], size: tuple[int, int], query: str = "mug", **more: object
) -> Points:
    return Points(xy=xy, score=[0.5] * len(xy), image_size=[size], query=query, **more)


def changed(picture: Image.Image) -> np.ndarray:
    """bool (H, W): which pixels of a flat image were drawn on."""
    return (np.asarray(picture) != GREY).any(axis=2)


def test_arrays_are_drawn_with_or_without_a_caption() -> None:
    size, drawn = (300, 200), ([[150.0, 100.0]], [2], [0.5])
    marked = draw_points(flat(size), np.array(drawn[0]), *drawn[1:])
    assert changed(marked)[100, 150]
    assert not changed(marked)[-8:].any()
    captioned = draw_points(flat(size), np.array(drawn[0]), *drawn[1:], caption="mug: 1 point")
    other_number = some_points([(150.0, 100.0)], size, object_id=[2]).draw(flat(size))
    assert captioned.tobytes() == other_number.tobytes()
    with pytest.raises(InputError, match="shapes"):
        draw_points(flat(size), np.array(drawn[0]), [1, 2], [0.5])


@pytest.mark.parametrize(
    "size",
    [
        (1, 1),  # one pixel
        (5, 3),  # smaller than a marker
        (64, 48),  # an icon
        (640, 480),  # a camera
        (2000, 30),  # a banner
        (30, 2000),  # a column
        (3840, 2160),  # a screen
    ],
)
def test_a_marker_lies_on_its_point_at_every_size(size: tuple[int, int]) -> None:
    x, y = size[0] * 0.3, size[1] * 0.4
    picture = some_points([(x, y)], size).draw(flat(size))
    assert picture.mode == "RGB"
    assert picture.size == size
    assert changed(picture)[int(y), int(x)]


@pytest.mark.parametrize(
    "xy",
    [
        (50.0, 60.0),  # on the edge between pixels
        (50.5, 60.5),  # in the middle of one
        (61.3, 47.8),  # between
    ],
)
def test_a_marker_is_centred_on_its_point(xy: tuple[float, float]) -> None:
    size = (1000, 200)
    mask = changed(some_points([xy], size, query="").draw(flat(size)))
    mask[:, int(xy[0]) + 10 :] = False  # the label begins there
    mask[180:] = False  # the caption
    rows, columns = np.nonzero(mask)
    assert abs(columns.min() + columns.max() + 1 - 2 * xy[0]) <= 2
    assert abs(rows.min() + rows.max() + 1 - 2 * xy[1]) <= 2


def test_markers_grow_with_the_image() -> None:
    def drawn(size: tuple[int, int]) -> float:
        centre = (size[0] / 2, size[1] / 2)
        return changed(some_points([centre], size).draw(flat(size))).mean()

    small, large = drawn((400, 300)), drawn((3200, 2400))
    assert small / 2 < large < small * 2


def test_a_marker_stands_out_from_every_background() -> None:
    for colour in ((0, 0, 0), (255, 255, 255), (213, 94, 0), (0, 114, 178), (128, 128, 128)):
        image = np.full((200, 300, 3), colour, dtype=np.uint8)
        around = np.asarray(some_points([(150, 100)], (300, 200)).draw(image)).astype(int)[92:109, 142:159]
        assert (np.abs(around - colour).max(axis=2) > 90).sum() > 40


def test_labels_do_not_cover_one_another() -> None:
    size = (800, 600)
    near = [(400.0, 300.0), (425.0, 300.0), (400.0, 330.0), (425.0, 330.0)]
    alone = [changed(some_points([xy], size, query="").draw(flat(size)))[:560].sum() for xy in near]
    together = changed(some_points(near, size, query="").draw(flat(size)))[:560].sum()
    assert together > 0.95 * sum(alone)


def test_only_the_points_of_the_image_are_drawn() -> None:
    points = Points(
        xy=[(20, 20), (180, 80)], score=[1, 1], image_size=[(200, 100)] * 2, image_index=[0, 1], query="mug"
    )
    first, second = (changed(points.draw(flat((200, 100)), i)) for i in (0, 1))
    assert first[20, 20]
    assert not first[80, 180]
    assert second[80, 180]
    assert not second[20, 20]


def test_nothing_found_is_said() -> None:
    size = (300, 200)
    nothing = some_points([], size).draw(flat(size))
    mask = changed(nothing)
    assert mask[-8:].all()  # the caption
    assert not mask[:150].any()  # and nothing else
    assert nothing != some_points([(5, 5)], size).draw(flat(size))


def test_the_caption_is_the_query() -> None:
    size = (300, 200)
    texts = ["mug", "cup", "a very long query " * 50, "two\nlines", "", "Größe “ü” 紅"]
    pictures = {some_points([], size, query=text).draw(flat(size)).tobytes() for text in texts}
    assert len(pictures) == len(texts)


def test_the_caption_makes_room_for_points_at_the_bottom() -> None:
    size = (300, 200)
    low = changed(some_points([(150, 195)], size).draw(flat(size)))
    assert low[:6].all()
    assert not low[-20:, :50].any()


def test_the_image_given_is_not_changed() -> None:
    image = flat((100, 80))
    some_points([(5, 5)], (100, 80)).draw(image)
    draw_heatmap(image, np.eye(3))
    assert (image == GREY).all()


@pytest.mark.parametrize(
    ("image", "index", "words"),
    [
        (flat((100, 81)), 0, "100×81 pixels, but image 0 of the query had 100×80"),  # another image
        (flat((100, 80)), 1, "expected a whole number from 0 to 0"),  # no such image
        (flat((100, 80)), -1, "expected a whole number from 0 to 0"),  # nor this
    ],
)
def test_a_wrong_image_is_refused(image: np.ndarray, index: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        some_points([(5, 5)], (100, 80)).draw(image, index)


def test_heat_lies_where_the_map_is_hot() -> None:
    heat = np.zeros((10, 20), dtype=np.float32)
    heat[2, 15] = 0.7
    picture = some_points([], (400, 100), heatmaps=[heat]).draw_heatmap(flat((400, 100)))
    assert picture.size == (400, 100)
    light = np.asarray(picture.convert("L")).astype(int)
    row, column = np.unravel_index(light.argmax(), light.shape)
    assert 20 <= row < 30  # a tenth of 100 pixels each
    assert 300 <= column < 320  # a twentieth of 400 pixels each
    assert light[80, 50] < GREY


def test_a_cold_map_is_even() -> None:
    assert (
        len(np.unique(np.asarray(draw_heatmap(flat((40, 30)), np.zeros((3, 4)))).reshape(-1, 3), axis=0)) == 1
    )


@pytest.mark.parametrize(
    "heat",
    [
        np.zeros((0, 4)),  # empty
        np.zeros(4),  # one axis
        np.full((3, 4), np.nan),  # NaN
        np.full((3, 4), -1.0),  # negative
    ],
)
def test_a_wrong_heat_map_is_refused(heat: np.ndarray) -> None:
    with pytest.raises(InputError, match="Heat map of shape"):
        draw_heatmap(flat((40, 30)), heat)


def test_heat_colours_get_lighter_evenly() -> None:
    colours = heat_colours() / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    lightness = np.cbrt(linear @ (0.2126, 0.7152, 0.0722))
    assert lightness[0] < 0.2
    assert lightness[-1] > 0.9
    assert (np.diff(lightness) > -0.005).all()  # eight-bit rounding
    assert np.abs(np.diff(lightness[::16])).max() < 0.1


@pytest.mark.parametrize("caption", ["Größe", "красная кружка", "κόκκινο φλιτζάνι"])
def test_captions_in_other_alphabets_are_no_boxes(caption):
    def band(text: str) -> np.ndarray:
        drawn = draw_points(np.zeros((100, 400, 3), np.uint8), np.zeros((0, 2)), [], [], text)
        return np.asarray(drawn)

    assert (band(caption) != band("紅" * len(caption))).any()  # no font here has it: boxes
    assert (band(caption) != band(caption[::-1])).any()  # boxes would be alike


def test_wrong_kinds_of_arguments():
    image = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(InputError, match=r"shapes \(1, 1\)"):
        draw_points(image, [[1]], [1], [0.5])
    with pytest.raises(InputError, match="caption is 5; expected text"):
        draw_points(image, [[1, 2]], [1], [0.5], 5)
    with pytest.raises(InputError, match="heatmap is 'x'"):
        draw_heatmap(image, "x")
    for index in ("0", 0.0, True):
        with pytest.raises(InputError, match="image_index is"):
            Points(xy=[], score=[], image_size=[(8, 8)], query="mug").draw(image, index)


def test_points_far_outside_the_image_are_not_drawn():
    image = np.full((48, 64, 3), 90, np.uint8)
    plain = np.asarray(draw_points(image, [], [], []))
    far = [[1e30, 2], [-1e30, -1e30], [5, 1e9], [64 + 40, 20]]
    np.testing.assert_array_equal(draw_points(image, far, [1, 2, 3, 4], [0.5] * 4), plain)
    assert (np.asarray(draw_points(image, [[64, 20]], [1], [0.5])) != plain).any()


@pytest.mark.parametrize(
    ("xy", "object_id", "score"),
    [
        ([[math.nan, 1]], [1], [0.5]),
        ([[math.inf, 1]], [1], [0.5]),
        ([["a", "b"]], [1], [0.5]),
        ([1, 2], [1], [0.5]),
        (None, [1], [0.5]),
        ([[1, 2]], [1, 2], [0.5]),
        ([[1, 2]], [1], []),
        ([[1, 2]], ["a"], [0.5]),
        ([[1, 2]], [1], ["a"]),
        ([[1, 2]], 1, 0.5),
    ],
)
def test_points_that_cannot_be_drawn(xy, object_id, score):
    with pytest.raises(InputError, match=r"cannot be drawn .* expected finite pixels"):
        draw_points(np.zeros((48, 64, 3), np.uint8), xy, object_id, score)


def test_captions_with_control_characters():
    image = np.full((480, 640, 3), 90, np.uint8)
    drawn = draw_points(image, [], [], [], "a\nb\0c\ud83d")
    np.testing.assert_array_equal(drawn, draw_points(image, [], [], [], "a b c "))
