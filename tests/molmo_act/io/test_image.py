"""What arrives as an image leaves as the right uint8 RGB pixels, or as one clear error."""

from __future__ import annotations

import base64
import io
import re
import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from molmo_act.errors import ImageError
from molmo_act.io.image import load_image, to_rgb

RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def pixels(size: tuple[int, int] = (6, 4), seed: int = 0) -> np.ndarray:
    """uint8 (H, W, 3) noise; size is (width, height)."""
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)


def pil(mode: str, *colours: object) -> Image.Image:
    """A one-row PIL image with the given pixels."""
    image = Image.new(mode, (len(colours), 1))
    for x, colour in enumerate(colours):
        image.putpixel((x, 0), colour)
    return image


def palette(transparency: object = None) -> Image.Image:
    """Red, green, blue as palette entries 0, 1, 2."""
    image = pil("P", 0, 1, 2)
    image.putpalette([*RED, *GREEN, *BLUE])
    if transparency is not None:
        image.info["transparency"] = transparency
    return image


def grey(*values: int) -> list[tuple[int, int, int]]:
    return [(v, v, v) for v in values]


def i16(*values: int) -> Image.Image:
    return Image.fromarray(np.array([values], dtype=np.uint16))


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (pil("1", 0, 1), [BLACK, WHITE]),  # bilevel
        (pil("L", 0, 77, 255), grey(0, 77, 255)),  # grey
        (pil("LA", (0, 255), (0, 0), (0, 51)), [BLACK, WHITE, (204, 204, 204)]),  # grey on white by its alpha
        (palette(), [RED, GREEN, BLUE]),  # palette
        (palette(1), [RED, WHITE, BLUE]),  # palette with one transparent entry
        (palette(bytes([255, 0, 51])), [RED, WHITE, (204, 204, 255)]),  # palette with alpha per entry
        (pil("RGB", RED, (1, 2, 3)), [RED, (1, 2, 3)]),  # as it is
        (pil("RGBA", (*RED, 255), (*RED, 0), (*BLACK, 51)), [RED, WHITE, (204, 204, 204)]),  # on white
        (pil("RGBa", (51, 0, 0, 51)), [(255, 204, 204)]),  # premultiplied: red at a fifth
        (pil("CMYK", (0, 255, 255, 0), (0, 0, 0, 255)), [RED, BLACK]),  # print colours
        (pil("YCbCr", (255, 128, 128)), [WHITE]),  # video colours
        (i16(0, 257, 65535), grey(0, 1, 255)),  # 16 bit
        (pil("I", 0, 257, 65535), grey(0, 1, 255)),  # 16 bit as older Pillow reads it
        (pil("F", 0.0, 0.2, 1.0), grey(0, 51, 255)),  # float
    ],
    ids=lambda v: v.mode if isinstance(v, Image.Image) else "",
)
def test_every_pil_mode_has_one_meaning(image: Image.Image, expected: list[tuple[int, int, int]]) -> None:
    assert [tuple(p) for p in to_rgb(image)[0].tolist()] == expected


def test_rgb_with_a_transparent_colour_shows_white_there() -> None:
    image = pil("RGB", RED, GREEN)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", transparency=GREEN)
    assert to_rgb(Image.open(buffer)).tolist() == [[list(RED), list(WHITE)]]


def stored_for(upright: np.ndarray, orientation: int) -> np.ndarray:
    """What a camera stores so that this EXIF orientation turns it upright again."""
    turned = {
        1: upright,  # as is
        2: upright[:, ::-1],  # mirrored left-right
        3: upright[::-1, ::-1],  # half a turn
        4: upright[::-1],  # mirrored top-bottom
        5: upright.transpose(1, 0, 2),  # transposed
        6: np.rot90(upright, 1),  # a quarter turn
        7: upright[::-1, ::-1].transpose(1, 0, 2),  # transposed along the other diagonal
        8: np.rot90(upright, -1),  # a quarter turn the other way
    }[orientation]
    return np.ascontiguousarray(turned)


def turned_file(orientation: int, upright: np.ndarray, kind: str = "PNG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(stored_for(upright, orientation)).save(buffer, kind, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_files_are_turned_upright_however_they_are_given(tmp_path, orientation: int) -> None:
    upright = pixels((5, 3))
    content = turned_file(orientation, upright)
    path = tmp_path / "a photo.png"
    path.write_bytes(content)
    url = "data:image/png;base64," + base64.b64encode(content).decode()
    written = io.BytesIO()
    written.write(content)  # which leaves it at its end
    for source in (
        path,
        str(path),
        path.as_uri(),
        content,
        bytearray(content),
        memoryview(content),
        written,
        url,
    ):
        assert np.array_equal(to_rgb(source), upright)
        assert np.array_equal(load_image(source), upright)
    with path.open("rb") as file:
        assert np.array_equal(to_rgb(file), upright)
        assert np.array_equal(to_rgb(file), upright)  # and again


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "edit",
    [
        lambda image: image,  # opened, not decoded yet
        lambda image: image.convert("RGB"),  # all of these keep the EXIF block
        lambda image: image.crop((0, 0, 2, 3)),
        lambda image: image.resize((7, 9)),
        lambda image: image.rotate(90, expand=True),
        lambda image: image.transpose(Image.Transpose.ROTATE_270),
        lambda image: ImageOps.exif_transpose(image),
    ],
)
def test_a_pil_image_is_read_in_its_own_size(orientation: int, edit) -> None:
    image = edit(Image.open(io.BytesIO(turned_file(orientation, pixels((5, 3))))))
    got = to_rgb(image)
    assert got.shape == (image.height, image.width, 3)
    assert np.array_equal(got, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "GIF", "WEBP", "JPEG"])
@pytest.mark.parametrize("as_type", [str, lambda p: p])  # str and Path
def test_files_are_read(tmp_path, kind: str, as_type) -> None:
    path = tmp_path / f"flat.{kind.lower()}"
    Image.new("RGB", (7, 3), (200, 40, 90)).save(path, kind)
    got = to_rgb(as_type(path))
    assert got.shape == (3, 7, 3)
    assert got.dtype == np.uint8
    assert np.abs(got.astype(int) - (200, 40, 90)).max() <= 4  # JPEG and WebP lose a little


def test_sixteen_bit_png_is_scaled_by_257(tmp_path) -> None:
    path = tmp_path / "deep.png"
    i16(0, 128, 129, 32896, 65535).save(path)
    assert load_image(path)[0, :, 0].tolist() == [0, 0, 1, 128, 255]


def test_first_frame_of_an_animation(tmp_path) -> None:
    path = tmp_path / "two.gif"
    Image.new("RGB", (4, 4), RED).save(path, save_all=True, append_images=[Image.new("RGB", (4, 4), BLUE)])
    assert load_image(path)[0, 0].tolist() == list(RED)


RGB = pixels()
UNIT = RGB.astype(np.float32) / 255


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (RGB, RGB),  # uint8 RGB
        (RGB[:, :, 0], RGB[:, :, [0, 0, 0]]),  # grey (H, W)
        (RGB[:, :, :1], RGB[:, :, [0, 0, 0]]),  # grey (H, W, 1)
        (np.dstack([RGB, np.full((4, 6), 255, np.uint8)]), RGB),  # opaque RGBA
        (np.dstack([RGB, np.zeros((4, 6), np.uint8)]), np.full_like(RGB, 255)),  # invisible RGBA is white
        (np.asfortranarray(np.dstack([RGB, np.full((4, 6), 255, np.uint8)])), RGB),  # RGBA in column order
        (RGB[::-1, ::-1], RGB[::-1, ::-1]),  # a view with negative strides
        (RGB.astype(np.uint16) * 257, RGB),  # 16 bit
        ((RGB.astype(np.uint16) * 257).astype(">u2"), RGB),  # 16 bit, other byte order
        (UNIT, RGB),  # float32
        (UNIT.astype(np.float64), RGB),  # float64
        (UNIT * 1.0005, RGB),  # rounding noise above 1 is forgiven
        (torch.from_numpy(RGB), RGB),  # tensor (H, W, 3), with a height that could be a channel count
        (torch.from_numpy(RGB).permute(2, 0, 1), RGB),  # tensor (3, H, W)
        (torch.from_numpy(UNIT).permute(2, 0, 1), RGB),  # float tensor
        (torch.from_numpy(UNIT).permute(2, 0, 1).requires_grad_(), RGB),  # one with a gradient
        (torch.from_numpy(RGB[:, :, 0]), RGB[:, :, [0, 0, 0]]),  # grey tensor
        (torch.from_numpy(RGB[None, :, :, 0]), RGB[:, :, [0, 0, 0]]),  # grey tensor (1, H, W)
    ],
)
def test_arrays_and_tensors(image: object, expected: np.ndarray) -> None:
    got = to_rgb(image)
    assert got.dtype == np.uint8
    assert got.flags.c_contiguous
    assert np.array_equal(got, expected)


def test_bfloat16_tensor_is_within_its_own_precision() -> None:
    got = to_rgb(torch.from_numpy(UNIT).permute(2, 0, 1).to(torch.bfloat16))
    assert np.abs(got.astype(int) - RGB).max() <= 1


def encoded(kind: str, size: tuple[int, int] = (64, 64)) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels(size)).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty (0 bytes)"),  # 0 bytes
        (b"hello, I am text\n" * 9, "cannot be read as an image"),  # no image
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "cannot be read as an image"),  # a vector image
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            "cannot be read as an image",
        ),  # no Ghostscript
        (encoded("PNG")[:20], "cannot be read as an image"),  # cut inside the header
        (encoded("PNG")[:5000], "truncated"),  # cut inside the pixels
        (encoded("JPEG")[:1500], "truncated"),  # cut inside the pixels
        (encoded("WEBP")[:900], "cannot be read as an image"),  # cut: WebP notices when it is opened
        (encoded("BMP")[:900], "truncated"),  # cut inside the pixels
        (encoded("TIFF")[:900], "truncated"),  # cut inside the pixels
        (encoded("PNG")[:200] + bytes(300) + encoded("PNG")[500:], "truncated or damaged"),  # damaged inside
    ],
)
def test_bad_files_give_one_clear_error(tmp_path, content: bytes, words: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ImageError) as caught:
        to_rgb(path)
    assert words in str(caught.value)
    assert "a.p" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_no_cut_of_a_file_escapes_as_another_error(tmp_path, kind: str) -> None:
    path = tmp_path / "cut"
    whole = encoded(kind, (32, 32))
    for length in range(0, len(whole) * 19 // 20, 41):  # the last bytes may only mark the end
        path.write_bytes(whole[:length])
        with pytest.raises(ImageError):
            load_image(path)


def closed_file() -> io.BufferedReader:
    with open(__file__, "rb") as file:
        pass
    return file


def quantized() -> torch.Tensor:
    return torch.quantize_per_tensor(torch.zeros(3, 8, 9), 0.1, 0, torch.quint8)


def ragged() -> torch.Tensor:
    return torch.nested.nested_tensor([torch.zeros(4, 5), torch.zeros(3, 5)])


def quietly(make) -> torch.Tensor:
    """A tensor of a kind that torch warns about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make()


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("https://example.org/cat.png", "nothing is downloaded unasked"),  # URL
        ("rtsp://camera/1", "is a URL"),  # another one
        ("file:///nowhere/cat.png", "does not exist"),  # a file that is not there
        ("file://server/cat.png", "on another machine"),  # a file of another computer
        ("data:image/png;base64,iVBORw0KGgo=", "truncated|cannot be read"),  # a part of a data URL
        ("data:image/png;base64,iVBOR*", "not base64"),  # a damaged one
        ("data:,", "without data"),  # an empty one
        (base64.b64encode(turned_file(1, pixels())).decode(), "base64.b64decode"),  # base64 without a URL
        ("", "empty string"),  # nothing
        ("/nowhere/cat.png", "does not exist"),  # missing
        ("/", "is a folder"),  # folder
        ("cat\0.png", "cannot be reached"),  # a character no path has
        ("x" * 5000, "cannot be reached"),  # longer than the system allows
        (b"cat.png", "given as 7 bytes cannot be read as an image"),  # a path as bytes
        (b"", "0 bytes"),  # no bytes
        (io.BytesIO(), "0 bytes"),  # nothing in a buffer
        (io.StringIO("cat"), "type StringIO"),  # a file of text
        (closed_file(), "closed file"),  # a file that was closed
        (None, "type NoneType"),  # nothing
        ([RGB], "type list"),  # a list where one image is wanted
        (np.empty((0, 0, 3), np.uint8), "no pixels"),  # empty
        (np.empty((5, 0), np.uint8), "no pixels"),  # empty in one direction
        (np.zeros((3, 8, 9), np.uint8), "transpose(1, 2, 0)"),  # channels first in numpy
        (np.zeros((8, 9, 2), np.uint8), "expected RGB (H, W, 3)"),  # two channels
        (np.zeros((2, 8, 9, 3), np.uint8), "expected RGB (H, W, 3)"),  # a batch
        (np.zeros(9, np.uint8), "expected RGB (H, W, 3)"),  # one axis
        (np.zeros((8, 9, 3), np.int64), "int64"),  # integers of unknown scale
        (np.zeros((8, 9), bool), "bool"),  # a mask
        (np.zeros((8, 9), object), "object"),  # objects
        (np.full((8, 9), np.nan, np.float32), "NaN"),  # NaN
        (np.full((8, 9), np.inf, np.float32), "infinite"),  # infinite
        (np.full((8, 9), 255.0, np.float32), "Divide by 255"),  # floats of another scale
        (np.full((8, 9), -0.5, np.float32), "expected floats in [0, 1]"),  # negative
        (pil("F", 200.0), "expected floats in [0, 1]"),  # floats of another scale in PIL
        (pil("I", 70_000), "read as 16-bit"),  # more than 16 bit
        (torch.zeros(2, 3, 8, 9), "batch"),  # a batch of tensors
        (torch.full((3, 8, 9), torch.nan), "NaN"),  # NaN in a tensor
        (torch.zeros(3, 8, 9).to_sparse(), "to_dense()"),  # sparse
        (quietly(lambda: torch.zeros(3, 8, 9).to_sparse_csr()), "to_dense()"),  # sparse, of another layout
        (torch.zeros(3, 8, 9, device="meta"), "no data"),  # without numbers
        (torch.zeros(3, 8, 9).to_mkldnn(), "to_dense()"),  # in a layout of its own
        (quietly(quantized), "dequantize()"),  # with a scale of its own
        (torch.zeros(8, 9, dtype=torch.complex64).conj(), "complex64"),  # complex
        (quietly(ragged), "no plain numbers"),  # of rows of several lengths
    ],
)
def test_bad_values_give_one_clear_error(image: object, words: str) -> None:
    with pytest.raises(ImageError) as caught:
        to_rgb(image)
    assert re.search(words, str(caught.value)) or words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def huge_png(width: int, height: int) -> bytes:
    """A PNG whose header promises a size its data does not hold."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (20_000, 20_000),  # over Pillow's error limit
        (10_001, 10_000),  # over ours, in Pillow's warning range
    ],
)
def test_too_large_images_are_refused_before_they_are_decoded(tmp_path, width: int, height: int) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(huge_png(width, height))  # decoding it would fail as truncated
    with pytest.raises(ImageError, match=r"huge\.png.*is too large .*at most 100 million pixels"):
        load_image(path)
    with pytest.raises(ImageError, match="is too large"):
        to_rgb(np.broadcast_to(np.uint8(0), (height, width)))


def test_the_pixel_limit_can_be_set() -> None:
    assert to_rgb(RGB, max_pixels=24).shape == (4, 6, 3)
    with pytest.raises(ImageError, match="6×4 pixels"):
        to_rgb(RGB, max_pixels=23)


def test_a_lazily_opened_truncated_pil_image_is_refused() -> None:
    with pytest.raises(ImageError, match="truncated"):
        to_rgb(Image.open(io.BytesIO(encoded("JPEG")[:1500])))


def test_one_pixel() -> None:
    assert to_rgb(np.array([[[1, 2, 3]]], dtype=np.uint8)).tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize("loaded", [True, False])
def test_closed_pil_images(tmp_path, loaded):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    with (tmp_path / "a.png").open("rb") as file:
        behind = Image.open(file)
    image = Image.open(tmp_path / "a.png")
    if loaded:
        image.load()
    image.close()
    for one in (image, behind):
        with pytest.raises(ImageError, match=r"is closed, or its file is; expected an open one"):
            to_rgb(one)


@pytest.mark.parametrize(
    ("array", "advice"),
    [
        (np.ones((2, 2), bool), "astype(numpy.uint8) * 255."),
        (np.ones((2, 2), np.int8), "astype(numpy.uint8) * 255."),
        (np.full((2, 2), 200), "If 255 is white, convert it with .astype(numpy.uint8)."),
        (np.full((2, 2), 4000, np.uint32), "If 65535 is white, convert it with .astype(numpy.uint16)."),
        (np.full((2, 2), -3), "It has values from -3 to -3: scale them to 0 to 255, and convert it then."),
        (np.full((2, 2), 70_000), "It has values from 70000 to 70000: scale them"),
        (np.ones((2, 2), complex), "float in [0, 1]."),
        (np.zeros((2, 2), "datetime64[s]"), "float in [0, 1]."),
        (np.zeros((2, 2), "S4"), "float in [0, 1]."),
        (np.zeros((2, 2), object), "float in [0, 1]."),
    ],
)
def test_advice_on_types_that_are_not_read_gives_the_right_image(array, advice) -> None:
    with pytest.raises(ImageError, match=re.escape(advice)) as raised:
        to_rgb(array)
    assert str(raised.value).endswith(advice) or "scale them" in advice


def test_advice_on_tensors_is_for_tensors() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(ImageError, match=r"with \.to\(torch\.uint8\)\.$"):
        to_rgb(torch.full((3, 2, 2), 200))
    with pytest.raises(ImageError, match=r"with \.to\(torch\.uint8\) \* 255\.$"):
        to_rgb(torch.ones((3, 2, 2), dtype=torch.bool))


def test_8_bit_values_in_a_mode_of_16_bit_are_refused() -> None:
    with pytest.raises(ImageError, match=r"0 to 200; mode I is read as 16-bit.*convert\('L'\)"):
        to_rgb(Image.fromarray(np.array([[0, 200]], np.uint8)).convert("I"))
    assert to_rgb(Image.new("I", (2, 2))).max() == 0
