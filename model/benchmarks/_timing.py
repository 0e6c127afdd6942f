"""Times two or more functions in turns, so that a busy machine slows all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from tqdm import tqdm

from molmo_act.cli.bench import spread


def alternate(
    ways: Mapping[str, Callable[[], object]], rounds: int, name: str, *, warm_up: bool = True
) -> dict[str, dict[str, float]]:
    """Milliseconds of each way: median, least and most.

    Args:
        ways: What to call, by name.
        rounds: How often all of them take their turn.
        name: For the progress bar.
        warm_up: Whether each is called once before anything is timed.
    """
    for call in ways.values() if warm_up else ():
        call()
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for _ in tqdm(range(rounds), desc=name):
        for way, call in ways.items():
            began = time.perf_counter()
            call()
            taken[way].append(1000 * (time.perf_counter() - began))
    return {way: spread(values) for way, values in taken.items()}
