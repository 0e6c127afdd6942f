"""Settings of the calling program that would mix types or devices: answers are as without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

import molmo_act
from molmo_act.generation.own_settings import own_settings
from molmo_act.pointing.model import PointingModel
from tests.support.tiny_checkpoint import TINY


@contextmanager
def default_device(device: str) -> Iterator[None]:
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


SETTINGS: dict[str, Callable] = {
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
    "default device": lambda: default_device("meta"),
    "device as a block": lambda: torch.device("meta"),
}
VERBS: dict[str, Callable[[PointingModel, np.ndarray], object]] = {
    "point": lambda model, image: model.point(image, "red", max_points=1).xy.tolist(),
    "encode": lambda model, image: model.point(model.encode(image), "red", max_points=1).xy.tolist(),
    "video": lambda model, image: model.point_in_video([image, image], "red", max_points=1).xy.tolist(),
}


@pytest.fixture(scope="module")
def model() -> PointingModel:
    return molmo_act.load(TINY, device="cpu")


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (56, 70, 3), np.uint8)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("verb", VERBS)
def test_answers_are_those_without_the_setting(model, image, setting, verb):
    expected = VERBS[verb](model, image)
    with SETTINGS[setting]():
        assert VERBS[verb](model, image) == expected


@pytest.mark.parametrize("setting", SETTINGS)
def test_models_are_loaded_as_without_the_setting(setting):
    with SETTINGS[setting]():
        found = molmo_act.load(TINY, device="cpu").model
    assert found.device.type == "cpu"
    assert not any(tensor.is_meta for tensor in (*found.parameters(), *found.buffers()))


def test_settings_hold_again_behind_the_block():
    with torch.autocast("cpu", torch.bfloat16), torch.device("meta"):
        with own_settings():
            assert not torch.is_autocast_enabled("cpu")
            assert torch.empty(1).device.type == "cpu"
        assert torch.is_autocast_enabled("cpu")
        assert torch.empty(1).is_meta
