"""Real networks read drawn screens; of a frame only what changed is computed again."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.reading.networks import TextNetworks
from molmo_act.reading.rapidocr_reader import RapidOcrReader
from tests.support.written_screen import draw_screen

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
LABELS = {"File Edit View": (20, 10), "Save changes": (400, 200), "Cancel": (400, 260), "Total 42": (30, 420)}


class Counted:
    """The networks, which count what they compute."""

    def __init__(self):
        self.pixels = self.lines = 0
        whole = TextNetworks.of_rapidocr()

        def detect(pixels):
            self.pixels += pixels.shape[2] * pixels.shape[3]
            return whole.detect(pixels)

        def recognize(pixels):
            self.lines += len(pixels)
            return whole.recognize(pixels)

        self.networks = TextNetworks(detect, recognize, whole.alphabet)

    def reset(self):
        self.pixels = self.lines = 0


@pytest.fixture(scope="module")
def counted():
    return Counted()


@pytest.fixture
def reader(counted):
    counted.reset()
    return RapidOcrReader(counted.networks)


def test_a_screen_is_read(reader):
    text = reader.read(draw_screen((640, 480), LABELS))
    assert {line.text for line in text} == set(LABELS)
    assert text.image_size == (640, 480)
    for line in text:
        x, y = LABELS[line.text]
        x0, y0, x1, y1 = line.box
        assert abs(x0 - x) < 8
        assert y0 - 4 < y + 8 < y1 + 4
        assert all(word.box[0] >= x0 - 1 and word.box[2] <= x1 + 1 for word in line.words)
        assert 0.8 < line.confidence <= 1


def test_blank_parts_are_not_computed(reader, counted):
    reader.read(draw_screen((1280, 800), {"Save": (600, 400)}))
    assert 0 < counted.pixels < 0.05 * 1280 * 800


def test_a_screen_without_anything(reader, counted):
    assert len(reader.read(np.full((480, 640, 3), 30, np.uint8))) == 0
    assert counted.pixels == 0


def test_an_unchanged_frame_costs_the_comparison_only(reader, counted):
    screen = draw_screen((640, 480), LABELS)
    first = reader.read(screen)
    counted.reset()
    assert reader.read(screen.copy()) is first
    assert counted.pixels == counted.lines == 0


def test_only_what_changed_is_read_again(reader, counted):
    reader.read(draw_screen((640, 480), LABELS))
    counted.reset()
    changed = {"Saved changes" if text == "Save changes" else text: at for text, at in LABELS.items()}
    again = reader.read(draw_screen((640, 480), changed))
    assert {line.text for line in again} == set(changed)
    assert counted.lines <= 2
    assert counted.pixels < 0.2 * 640 * 480


def test_what_is_gone_is_gone(reader):
    reader.read(draw_screen((640, 480), LABELS))
    left = {text: at for text, at in LABELS.items() if text != "Cancel"}
    assert {line.text for line in reader.read(draw_screen((640, 480), left))} == set(left)


def test_the_caller_may_change_its_image(reader):
    screen = draw_screen((640, 480), LABELS)
    reader.read(screen)
    screen[:] = 255
    assert len(reader.read(screen)) == 0


def test_another_size_is_read_whole(reader):
    reader.read(draw_screen((640, 480), LABELS))
    assert {line.text for line in reader.read(draw_screen((600, 480), {"Other": (10, 10)}))} == {"Other"}


def test_light_on_dark_and_turned_signs(reader):
    dark = 255 - draw_screen((640, 480), LABELS)
    assert {line.text for line in reader.read(dark)} == set(LABELS)
    reader.forget()
    sign = np.rot90(draw_screen((400, 60), {"EXIT": (40, 10)}, height=32), 3)
    assert [line.text for line in reader.read(np.ascontiguousarray(sign))] == ["EXIT"]


def test_small_letters_are_read_at_twice_their_size(reader):
    text = reader.read(draw_screen((320, 100), {"tiny letters": (20, 40)}, height=9))
    assert "tinyletters" in text.text.replace(" ", "")


def test_no_time_left_is_a_truncated_text_that_is_not_kept(reader):
    screen = draw_screen((640, 480), LABELS)
    assert reader.read(screen, timeout=1e-9).truncated
    whole = reader.read(screen)
    assert not whole.truncated
    assert {line.text for line in whole} == set(LABELS)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (17, 33)])
def test_tiny_images(reader, size):
    noise = np.random.default_rng(1).integers(0, 255, (*size, 3), dtype=np.uint8)
    assert reader.read(noise).image_size == size[::-1]


def test_a_script_that_it_cannot_read_costs_no_other_line(reader):
    from PIL import Image, ImageDraw

    from molmo_act.fonts.typeface import Typeface

    screen = Image.fromarray(draw_screen((640, 480), LABELS))
    Typeface(20).draw(ImageDraw.Draw(screen), (300, 60), "ქართული ენა", (0, 0, 0))
    assert {line.text for line in reader.read(np.array(screen))} >= set(LABELS)


def test_an_8k_screen(reader, counted):
    labels = {"Save changes": (400, 200), "Cancel": (7000, 4200)}
    text = reader.read(draw_screen((7680, 4320), labels, height=40))
    assert {line.text for line in text} == set(labels)
    assert text.image_size == (7680, 4320)
    for line in text:
        assert abs(line.box[0] - labels[line.text][0]) < 16
    assert counted.pixels < 0.05 * 7680 * 4320
