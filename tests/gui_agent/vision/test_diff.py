"""What counts as a change of the screen, and what an act is said to have done."""

from __future__ import annotations

import numpy as np
import pytest

from gui_agent.geometry import Area, ScreenView
from gui_agent.vision.diff import changed_blocks, effect_of
from gui_agent.vision.screenshot import Screenshot


def shot(*patches: tuple[slice, slice, int], size: tuple[int, int] = (100, 70)) -> Screenshot:
    bgrx = np.full((size[1], size[0], 4), 100, np.uint8)
    for rows, columns, value in patches:
        bgrx[rows, columns, :3] = value
    return Screenshot(bgrx, ScreenView(size, Area(0, 0, *size)), time=0.0)


CHANGES = [
    ([], []),  # nothing
    ([(slice(20, 40), slice(50, 52), 0)], []),  # a text cursor
    ([(slice(20, 24), slice(50, 70), 105)], []),  # too little to see
    ([(slice(0, 16), slice(0, 100), 103)], [(0, column) for column in range(7)]),  # much of the screen
    ([(slice(0, 70), slice(50, 52), 0)], [(row, 3) for row in range(5)]),  # too high for a text cursor
    ([(slice(3, 9), slice(3, 9), 0)], [(0, 0)]),  # within one block
    (
        [(slice(60, 70), slice(94, 100), 200)],
        [(3, 5), (3, 6), (4, 5), (4, 6)],
    ),  # in the corner, smaller blocks
]


@pytest.mark.parametrize(("patches", "blocks"), CHANGES)
def test_changed_blocks(patches, blocks) -> None:
    changed = changed_blocks(shot(), shot(*patches))
    assert changed.shape == (5, 7)
    assert [tuple(block) for block in np.argwhere(changed)] == blocks


def plainly_changed(before: Screenshot, after: Screenshot, noise: int) -> np.ndarray:
    """The slow obvious way."""
    by = np.abs(before.bgrx[..., :3].astype(int) - after.bgrx[..., :3]).max(axis=2)

    def is_caret(seen: np.ndarray) -> bool:
        _, xs = np.nonzero(seen)
        if not len(xs) or xs.max() - xs.min() >= 3:
            return not len(xs)
        rows = np.flatnonzero((by > 0)[:, xs.min() : xs.max() + 1].any(axis=1))
        return bool(np.ptp(rows) < 64)

    if is_caret(by > noise) and (by > 0).sum() >= 0.02 * by.size:
        noise = 0
    ys, xs = np.nonzero(by > noise)
    blocks = np.zeros((-(-by.shape[0] // 16), -(-by.shape[1] // 16)), bool)
    if not is_caret(by > noise):
        blocks[ys // 16, xs // 16] = True
    return blocks


@pytest.mark.parametrize("seed", range(50))
def test_as_the_slow_obvious_way_says(seed) -> None:
    generator = np.random.default_rng(seed)
    size = tuple(int(side) for side in generator.integers(1, 120, 2))
    patches = []
    for _ in range(generator.integers(0, 5)):
        left, top = (int(generator.integers(0, side)) for side in size)
        width, height = (int(side) for side in generator.integers(1, 40, 2))
        patches.append(
            (slice(top, top + height), slice(left, left + width), int(generator.integers(80, 120)))
        )
    noise = int(generator.integers(0, 20))
    before, after = shot(size=size), shot(*patches, size=size)
    after.bgrx[..., 3] ^= generator.integers(0, 2, size[::-1], np.uint8)  # the byte without meaning
    assert np.array_equal(changed_blocks(before, after, noise), plainly_changed(before, after, noise))


def test_a_small_change_counts_without_noise() -> None:
    assert changed_blocks(shot(), shot((slice(20, 40), slice(50, 90), 105)), noise=0).any()


def test_another_size_is_another_screen() -> None:
    assert changed_blocks(shot(), shot(size=(80, 70))).all()


LEFT, RIGHT = (slice(0, 10), slice(0, 10), 0), (slice(0, 10), slice(64, 80), 0)
EFFECTS = [
    ([], [], "unchanged"),  # nothing moved before or after
    ([], [RIGHT], "changed"),  # something appeared
    ([LEFT], [LEFT], "unverifiable"),  # it had been moving before
    ([LEFT], [], "unverifiable"),  # it had been moving before, and rests now by chance
    ([LEFT], [LEFT, RIGHT], "changed"),  # something else appeared
]


@pytest.mark.parametrize(("restless", "after", "effect"), EFFECTS)
def test_effects(restless, after, effect) -> None:
    assert effect_of(changed_blocks(shot(), shot(*after)), changed_blocks(shot(), shot(*restless))) == effect


def test_what_can_have_come_by_itself_is_unverifiable() -> None:
    still, changed = changed_blocks(shot(), shot()), changed_blocks(shot(), shot(RIGHT))
    elsewhere = np.zeros_like(changed)
    elsewhere[4:, :2] = True
    assert effect_of(changed, still, elsewhere) == "unverifiable"
    assert effect_of(changed, still, ~elsewhere) == "changed"
    assert effect_of(still, still, elsewhere) == "unchanged"
