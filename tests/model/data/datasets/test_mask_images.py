"""Images that are masks, of every mode and depth."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.data.datasets.mask_images import read_mask_image, read_object_numbers
from model.data.errors import SkippedRow
from tests.support.mask_sets import BOX, DOT

FULL = BOX.astype(np.uint8) * 255
NONE = np.zeros_like(FULL)


def of_channels(*channels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.stack(channels, 2).astype(np.uint8))


def with_palette(indices: np.ndarray, palette: list[int], **info: object) -> Image.Image:
    image = Image.fromarray(indices.astype(np.uint8), "P")
    image.putpalette(palette)
    image.info.update(info)
    return image


def with_clear(image: Image.Image, clear: object) -> Image.Image:
    image.info["transparency"] = clear
    return image


MASKS = {
    "white on transparent black": of_channels(FULL, FULL, FULL, FULL),
    "white on transparent white": of_channels(~NONE, ~NONE, ~NONE, FULL),
    "black on transparent": of_channels(NONE, NONE, NONE, FULL),
    "red on opaque black, a corner transparent": of_channels(FULL, NONE, NONE, ~(DOT * np.uint8(255))),
    "white on opaque black": of_channels(FULL, FULL, FULL, ~NONE),
    "grey and transparency": of_channels(FULL, FULL),
    "soft edge": of_channels(FULL, FULL, FULL, BOX * 9),
    "grey": Image.fromarray(FULL),
    "grey, 1": Image.fromarray(BOX.astype(np.uint8)),
    "1 bit": Image.fromarray(BOX),
    "16 bits, 1": Image.fromarray(BOX.astype(np.uint16)),
    "16 bits, two objects": Image.fromarray(np.where(BOX, 300, 0).astype(np.uint16) + DOT * np.uint16(0)),
    "32 bits, 1": Image.fromarray(BOX.astype(np.int32)),
    "32 bits, -1": Image.fromarray(-BOX.astype(np.int32)),
    "floats": Image.fromarray(np.where(BOX, 0.5, np.where(DOT, np.nan, 0)).astype(np.float32)),
    "palette": with_palette(BOX, [0, 0, 0, 128, 0, 0]),
    "palette turned round": with_palette(~BOX, [255, 255, 255, 0, 0, 0]),
    "palette of one colour": with_palette(BOX, [0, 0, 0, 0, 0, 0]),
    "palette with a transparent colour": with_palette(BOX, [9, 9, 9, 9, 9, 9], transparency=0),
    "a colour is transparent": with_clear(of_channels(FULL, FULL, NONE), (0, 0, 0)),
    "16 bits, 0 is transparent": with_clear(Image.fromarray(BOX.astype(np.uint16)), 0),
}


@pytest.mark.parametrize("name", MASKS)
def test_the_object_is_what_is_neither_black_nor_transparent(tmp_path, name):
    image = MASKS[name]
    kind = "TIFF" if image.mode in ("I", "F") else "PNG"
    image.save(tmp_path / "m.png", format=kind, **image.info)
    found = read_mask_image(tmp_path / "m.png")
    assert found.dtype == bool
    assert (found == BOX).all()


@pytest.mark.parametrize("image", [Image.new("L", (8, 6)), Image.new("RGBA", (8, 6)), Image.new("P", (8, 6))])
def test_a_mask_without_an_object_is_empty(tmp_path, image):
    image.save(tmp_path / "m.png")
    assert not read_mask_image(tmp_path / "m.png").any()


NUMBERS = BOX * 1 + DOT * 2
LABELS = {
    "palette": with_palette(NUMBERS, [0, 0, 0, 200, 0, 0, 0, 200, 0]),
    "palette whose colours are black": with_palette(NUMBERS, [0] * 9, transparency=0),
    "grey": Image.fromarray(NUMBERS.astype(np.uint8)),
    "16 bits": Image.fromarray(NUMBERS.astype(np.uint16)),
    "32 bits": Image.fromarray(NUMBERS.astype(np.int32)),
    "three times grey": of_channels(NUMBERS, NUMBERS, NUMBERS),
    "with transparency": of_channels(NUMBERS + 7 * (NUMBERS == 0), NUMBERS, NUMBERS, (NUMBERS > 0) * 255),
}


@pytest.mark.parametrize("name", LABELS)
def test_numbers_of_objects_are_read_from_every_depth(tmp_path, name):
    image = LABELS[name]
    image.save(tmp_path / "m.png", format="TIFF" if image.mode == "I" else "PNG", **image.info)
    assert (read_object_numbers(tmp_path / "m.png") == NUMBERS).all()


def test_what_holds_no_numbers_or_cannot_be_read_is_left_out(tmp_path):
    of_channels(FULL, NONE, NONE).save(tmp_path / "colours.png")
    with pytest.raises(SkippedRow, match="colours"):
        read_object_numbers(tmp_path / "colours.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG broken")
    for read in (read_mask_image, read_object_numbers):
        with pytest.raises(SkippedRow, match="mask is missing"):
            read(tmp_path / "gone.png")
        with pytest.raises(SkippedRow, match="mask cannot be read"):
            read(tmp_path / "broken.png")


def test_colours_of_16_bits_are_refused_since_pillow_drops_half_of_each(tmp_path):
    cv2 = pytest.importorskip("cv2")
    cv2.imwrite(str(tmp_path / "m.png"), np.stack([BOX] * 3, 2).astype(np.uint16))
    with pytest.raises(SkippedRow, match="16 bits per channel"):
        read_mask_image(tmp_path / "m.png")
