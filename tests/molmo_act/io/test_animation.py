"""Animated images are videos at their own pace; still ones are videos of one frame."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from molmo_act.errors import ImageError
from molmo_act.io.animation import animation_duration, animation_frame_count, decode_animation
from molmo_act.io.damage import Damage
from molmo_act.io.frames import count_frames, read_frames
from molmo_act.io.image import to_rgb
from molmo_act.io.video_reader import FramesAt
from tests.support.video_files import index_of, shade_image

MILLISECONDS = [100, 200, 50, 400, 70]
TIMES = [0.0, 0.1, 0.3, 0.35, 0.75]
KINDS = ["GIF", "WEBP", "PNG", "AVIF"]


def animated(kind: str, **options: object) -> bytes:
    first, *others = (Image.fromarray(shade_image(index)) for index in range(5))
    buffer = io.BytesIO()
    settings = {"duration": MILLISECONDS, "lossless": True} | options
    first.save(buffer, kind, save_all=True, append_images=others, **settings)
    return buffer.getvalue()


def read(content: bytes, damage: Damage | None = None) -> tuple[list[float], list[int]]:
    frames = list(decode_animation(content, "the image", damage or Damage("the image")))
    return [time for time, _ in frames], [index_of(frame) for _, frame in frames]


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_at_its_time(kind: str) -> None:
    times, indices = read(animated(kind))
    assert indices == [0, 1, 2, 3, 4]
    assert times == pytest.approx(TIMES)
    assert animation_frame_count(animated(kind)) == 5
    assert animation_duration(animated(kind), "") == pytest.approx(0.82)
    shown = FramesAt(animated(kind), (0.0, 0.2, 0.74, 9.0))
    assert [index_of(frame) for frame in shown] == [0, 1, 3, 4]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_frames_without_a_length_are_shown_as_browsers_do(kind: str) -> None:
    assert read(animated(kind, duration=0))[0] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_cut_webp_is_read_as_far_as_possible(tmp_path) -> None:
    rng = np.random.default_rng(0)
    first, *others = (Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8)) for _ in range(5))
    path = tmp_path / "a.webp"
    first.save(path, save_all=True, append_images=others, duration=100, lossless=True)
    path.write_bytes(path.read_bytes()[: int(0.7 * path.stat().st_size)])
    for source in (path, path.read_bytes()):
        reader = read_frames(source)
        frames = list(reader)
        assert [round(time, 3) for _, time in frames] == [0.0, 0.1, 0.2]
        assert (frames[2][0] == np.asarray(others[1])).all()
        assert reader.damage
        assert count_frames(source) == 3
    path.write_bytes(path.read_bytes()[:80])
    for read in (count_frames, lambda source: next(read_frames(source))):
        with pytest.raises(ImageError, match="cannot be decoded"):
            read(path)


def test_an_image_for_viewers_that_do_not_animate_is_left_out() -> None:
    content = animated("PNG", default_image=True, duration=100)
    assert read(content)[1] == [1, 2, 3, 4]
    assert animation_frame_count(content) == 4


@pytest.mark.parametrize("kind", [*KINDS, "JPEG", "BMP"])
def test_a_still_image_is_one_frame(kind: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(shade_image(7)).save(buffer, kind)
    assert read(buffer.getvalue()) == ([0.0], [7])
    assert animation_frame_count(buffer.getvalue()) == 1


def test_pages_are_no_moments() -> None:
    buffer = io.BytesIO()
    Image.fromarray(shade_image(1)).save(
        buffer, "TIFF", save_all=True, append_images=[Image.fromarray(shade_image(2))]
    )
    assert read(buffer.getvalue()) == ([0.0], [1])


def test_what_is_transparent_lies_on_white() -> None:
    clear, solid = (Image.new("RGBA", (8, 8), (0, 0, 0, alpha)) for alpha in (0, 255))
    buffer = io.BytesIO()
    clear.save(buffer, "WEBP", save_all=True, append_images=[solid], duration=100, lossless=True)
    assert [frame.mean() for _, frame in decode_animation(buffer.getvalue(), "", Damage(""))] == [255, 0]


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_what_comes_before_damage_is_kept(kind: str, caplog) -> None:
    noise = [
        Image.fromarray(np.random.default_rng(seed).integers(0, 256, (48, 64), np.uint8)) for seed in range(5)
    ]
    buffer = io.BytesIO()
    noise[0].save(buffer, kind, save_all=True, append_images=noise[1:], duration=100)
    whole = buffer.getvalue()
    damage = Damage("the image")
    frames = list(decode_animation(whole[: len(whole) * 3 // 5], "the image", damage))
    assert 2 <= len(frames) < 5
    for index, (_, frame) in enumerate(frames):
        np.testing.assert_array_equal(frame, to_rgb(np.asarray(noise[index])))
    assert damage
    assert "is damaged" in caplog.text


def test_an_image_that_cannot_be_decoded_at_all() -> None:
    for length in (10, 60, 80):
        with pytest.raises(ImageError):
            read(animated("WEBP")[:length])
