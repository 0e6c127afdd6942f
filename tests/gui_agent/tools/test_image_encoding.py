"""Images stay within a size, exact where that is possible."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gui_agent.tools.image_encoding import encode_image

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8))
PLAIN = Image.new("RGB", (400, 300), "#e01020")


@pytest.mark.parametrize(
    ("image", "largest", "kind", "is_smaller"),
    [
        (PLAIN, 10_000, "image/png", False),
        (NOISE, 1_000_000, "image/png", False),
        (NOISE, 200_000, "image/jpeg", False),
        (NOISE, 20_000, "image/jpeg", True),
    ],
)
def test_sizes(image, largest, kind, is_smaller) -> None:
    content, media_type, size = encode_image(image, largest)
    assert len(content) <= largest
    assert media_type == kind
    assert (size != image.size) == is_smaller
    with Image.open(io.BytesIO(content)) as decoded:
        assert decoded.size == size
        if kind == "image/png":
            assert np.array_equal(np.asarray(decoded), np.asarray(image))
