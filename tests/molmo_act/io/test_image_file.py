"""Image files whose pixels are whole are read, whatever else is wrong with them."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from molmo_act.errors import ImageError
from molmo_act.io.image import load_image, to_rgb
from molmo_act.io.image_file import image_suffixes, looks_like_image, unread_image_suffixes

RGB = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
BROKEN_EXIF = [
    b"Exif\0\0not a TIFF header",
    b"Exif\0\0MM\0*\0\0\0\x08\0\x63" + bytes(30),  # says that it has 99 entries
    b"Exif\0\0II*\0\xff\xff\xff\xff",  # begins behind its end
    b"Exif\0\0",
    b"",
]


def saved(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, kind, **options)
    return buffer.getvalue()


def decoded(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@pytest.mark.parametrize("exif", BROKEN_EXIF)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_broken_exif_block_turns_nothing(kind: str, exif: bytes) -> None:
    expected = decoded(saved(kind))
    assert np.array_equal(load_image(saved(kind, exif=exif)), expected)


@pytest.mark.parametrize(
    "content",
    [
        lambda kind=kind, exif=exif: saved(kind, exif=exif)
        for kind in ("PNG", "WEBP", "JPEG")
        for exif in BROKEN_EXIF
    ]
    + [lambda: tiff_with_a_broken_tag()],
)
def test_nothing_changes_where_warnings_are_errors(content) -> None:
    photo = content()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = load_image(photo)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(load_image(photo), expected)
        assert to_rgb(Image.new("P", (3, 3))).shape == (3, 3, 3)


def tiff_with_a_broken_tag() -> bytes:
    """A TIFF with a resolution that lies behind its end."""
    content = bytearray(saved("TIFF", dpi=(72, 72)))
    at = content.index((282).to_bytes(2, "little") + (5).to_bytes(2, "little"))  # XResolution, a fraction
    content[at + 8 : at + 12] = (len(content) + 100).to_bytes(4, "little")
    return bytes(content)


def test_the_orientation_before_a_corrupt_tag_counts_with_every_filter() -> None:
    entries = (0x0112, 3, 1, 6), (0x010F, 2, 99, 5000)  # turned a quarter; a maker that lies behind the end
    exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0" + b"".join(
        tag.to_bytes(2, "little")
        + kind.to_bytes(2, "little")
        + count.to_bytes(4, "little")
        + value.to_bytes(4, "little")
        for tag, kind, count, value in entries
    )
    for action in ("ignore", "error"):
        with warnings.catch_warnings():
            warnings.simplefilter(action)
            assert load_image(saved("JPEG", exif=exif)).shape == (64, 48, 3)


def test_python_that_takes_warnings_for_errors(tmp_path) -> None:
    (tmp_path / "photo.jpg").write_bytes(saved("JPEG", exif=BROKEN_EXIF[1]))
    code = "import sys; from molmo_act.io.image import load_image; print(load_image(sys.argv[1]).shape)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path / "photo.jpg")],
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "(48, 64, 3)", done.stderr


def test_threads_leave_the_filters_of_warnings_alone(tmp_path) -> None:
    (tmp_path / "photo.jpg").write_bytes(saved("JPEG"))
    before = list(warnings.filters)

    def read() -> None:
        for _ in range(50):
            load_image(tmp_path / "photo.jpg")

    threads = [threading.Thread(target=read) for _ in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert list(warnings.filters) == before


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}, {"subsampling": 0}]
)
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_end_marker(options: dict[str, object], missing: int) -> None:
    whole = saved("JPEG", **options)
    assert np.array_equal(load_image(whole[:-missing]), decoded(whole))


@pytest.mark.parametrize("options", [{}, {"restart_marker_blocks": 2}])
@pytest.mark.parametrize("flat", [False, True])
def test_a_jpeg_that_lacks_pixels_is_refused(options: dict[str, object], flat: bool) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full_like(RGB, 128) if flat else RGB).save(buffer, "JPEG", **options)
    whole = buffer.getvalue()
    begin = whole.index(b"\xff\xda") + 20
    for length in range(begin, len(whole) - 6, 1 if flat else 61):
        with pytest.raises(ImageError, match="truncated"):
            load_image(whole[:length])


def png_chunk(kind: bytes, data: bytes, checksum: int | None = None) -> bytes:
    sum_ = zlib.crc32(kind + data) if checksum is None else checksum
    return len(data).to_bytes(4, "big") + kind + data + sum_.to_bytes(4, "big")


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"eXIf", b"MM\0*", checksum=1),
        png_chunk(b"tEXt", b"key\0value", checksum=1),
        png_chunk(b"iCCP", b"name\0\0broken", checksum=1),
        png_chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(9_000_000))),  # more text than Pillow takes
    ],
)
@pytest.mark.parametrize("at_end", [False, True])
def test_a_png_with_broken_metadata(chunk: bytes, at_end: bool) -> None:
    whole = saved("PNG")
    cut = whole.rindex(b"IEND") - 4 if at_end else 33
    assert np.array_equal(load_image(whole[:cut] + chunk + whole[cut:]), RGB)


def test_a_png_with_broken_pixels_is_refused_all_the_same() -> None:
    whole = bytearray(saved("PNG"))
    whole[whole.index(b"IDAT") + 50] ^= 255
    with pytest.raises(ImageError, match=r"damaged|cannot be read"):
        load_image(bytes(whole[:33]) + png_chunk(b"tEXt", b"a\0b") + bytes(whole[33:]))


def test_formats_that_the_user_has_added_to_pillow() -> None:
    class Opened(Image.Image):
        pass

    def opens(stream: io.BytesIO, _: str) -> Image.Image:
        image = Image.open(io.BytesIO(stream.read()[12:]))
        image.load()
        return image

    content = b"\0\0\0\x18ftypheic" + saved("PNG")
    with pytest.raises(ImageError, match=r"HEIC.*pillow_heif\.register_heif_opener"):
        load_image(content)
    Image.register_open("HEIF", opens, lambda prefix: prefix[4:12] == b"ftypheic")
    try:
        assert np.array_equal(load_image(content), RGB)
    finally:
        Image.ID.remove("HEIF")
        del Image.OPEN["HEIF"]


def test_what_begins_like_an_image() -> None:
    for kind in ("PNG", "JPEG", "WEBP", "AVIF", "BMP", "GIF", "TIFF", "PPM", "JPEG2000", "ICO"):
        assert looks_like_image(saved(kind)[:16]), kind
    for prefix in (
        b"",
        b"hello, I am text",
        b"\0\0\0\x20ftypisom\0\0\0\0",
        b"%!PS-Adobe-3.0",
        b"\x1aE\xdf\xa3",
    ):
        assert not looks_like_image(prefix)
    assert {".png", ".jfif", ".jpe", ".gif", ".jp2", ".pgm", ".heic", ".avif", ".tif"} <= image_suffixes()
    assert not {".eps", ".tga", ".pdf", ".mpg", ".txt"} & image_suffixes()
    assert {".tga", ".pcx", ".qoi"} <= unread_image_suffixes()
    assert not {".eps", ".pdf", ".mpg", ".png", ".txt"} & unread_image_suffixes()


def test_what_is_no_image_is_not_read_into_memory(tmp_path) -> None:
    path = tmp_path / "movie.mkv"
    with path.open("wb") as file:
        file.write(b"\x1aE\xdf\xa3")
        file.truncate(1 << 37)  # gigabytes of nothing
    with pytest.raises(ImageError, match="cannot be read as an image"):
        load_image(path)
