"""Objects in an image of 300 × 200 pixels, and what is asked about them by many seeds."""

from __future__ import annotations

import numpy as np

from model.data.scenes.objects import SceneObject
from model.data.schema import Query, Target

WIDTH, HEIGHT = 300, 200


def obj(
    noun: str, x: float, y: float, *, colour: str | None = None, side: float = 20, shape: bool = False
) -> SceneObject:
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return SceneObject(noun, colour, shape, Target((x, y), box), side * side)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def asked_often(make, seeds: int = 60) -> list[Query]:
    return [query for seed in range(seeds) for query in make(rng(seed))]
