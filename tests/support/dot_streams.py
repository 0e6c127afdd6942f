"""A red, a blue and two green dots, and what runs a tracker over them."""

from __future__ import annotations

import numpy as np

from molmo_act import TrackerConfig
from tests.support.moving_dots import BLUE, FPS, GREEN, RED, Dot, draw

SYNCHRONOUS = TrackerConfig(rate=2, synchronous=True)
RED_DOT = Dot("red", RED, lambda t: (60 + 60 * t, 120 + 30 * np.sin(3 * t)))
BLUE_DOT = Dot("blue", BLUE, lambda t: (250 - 50 * t, 30 + 10 * t))
GREEN_PAIR = [
    Dot("green", GREEN, lambda t: (40, 40 + 30 * t)),
    Dot("green", GREEN, lambda t: (300, 200 - 30 * t)),
]
DOTS = [RED_DOT, BLUE_DOT, *GREEN_PAIR]
TIMES = np.arange(90) / FPS


def run(tracker, dots, times=TIMES, **options):
    return [tracker.update(draw(dots, time, **options), time) for time in times]


def nearest_error(tracks, dot):
    mine = [np.hypot(*(one.x, one.y) - dot.at(tracks.timestamp)) for one in tracks if one.query == dot.name]
    return min(mine, default=np.inf)
