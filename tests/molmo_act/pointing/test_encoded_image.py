"""EncodedImage: what it says of the image that was read."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from molmo_act.pointing.encoded_image import EncodedImage


def test_it_says_its_size_its_tokens_and_its_model():
    features = torch.arange(24.0).reshape(1, 3, 4, 2)
    prefix = SimpleNamespace(length=57, state=SimpleNamespace(vit_features_BPKC=features))
    encoded = EncodedImage({"image_sizes": [(640, 480)]}, 1.0, 2.0, prefix, "nano")
    assert encoded.image_size == (640, 480)
    assert repr(encoded) == "EncodedImage(640x480, 57 tokens, 'nano')"
    assert torch.equal(encoded.windows_NKC, features[0])
