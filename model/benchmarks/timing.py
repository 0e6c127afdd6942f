"""Times two or more things in turns, so that a busy machine slows all of them alike; knows no model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from tqdm import tqdm

from molmo_act.bench import spread


def alternate(
    ways: Mapping[str, Callable[[], object]], rounds: int, name: str
) -> dict[str, dict[str, float]]:
    """Milliseconds of each way: median, least and most.

    Args:
        ways: What to call, by name; each is called once before anything is timed.
        rounds: How often all of them take their turn.
        name: For the progress bar.
    """
    for call in ways.values():
        call()
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for _ in tqdm(range(rounds), desc=name):
        for way, call in ways.items():
            began = time.perf_counter()
            call()
            taken[way].append(1000 * (time.perf_counter() - began))
    return {way: spread(values) for way, values in taken.items()}
