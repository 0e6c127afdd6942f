"""Remembers which small parts of the screen change by themselves, such as the seconds of a clock."""

from __future__ import annotations

import numpy as np

from gui_agent.vision.diff import BLOCK
from gui_agent.vision.screenshot import Screenshot

TALLEST, WIDEST = 64 // BLOCK, 320 // BLOCK
"""Blocks; a clock, a counter or a line of status is no larger."""
BESIDE = 64 // BLOCK
"""Blocks to both sides that belong to one that changes: other digits of the same clock."""

MEMORY_SECONDS = 60.0
"""After which all is watched anew: programs show something else then."""


class Rhythm:
    """What is known of a screen's small parts; of one that shows another part of the desktop, nothing."""

    def __init__(self) -> None:
        self._shot: Screenshot | None = None
        self._since = 0.0
        self._moving = self._still = np.zeros((0, 0), bool)

    def moving(self, shot: Screenshot) -> np.ndarray:
        """Gives bool (rows, columns), the blocks that were seen to change by themselves."""
        self._look_at(shot)
        return self._moving

    def unknown(self, shot: Screenshot, blocks: np.ndarray) -> bool:
        """Tells whether something about blocks is to be found out by watching them.

        Args:
            shot: The screen.
            blocks: bool (rows, columns), those that have changed.

        Returns:
            Whether they are as small as a clock, and some of them were not watched yet.
        """
        self._look_at(shot)
        rows, columns = np.flatnonzero(blocks.any(axis=1)), np.flatnonzero(blocks.any(axis=0))
        if not len(rows) or np.ptp(rows) >= TALLEST or np.ptp(columns) >= WIDEST:
            return False
        return bool((blocks & ~self._still & ~self._moving).any())

    def note(self, shot: Screenshot, watched: np.ndarray, moved: np.ndarray) -> None:
        """Notes what watching has shown.

        Args:
            shot: The screen.
            watched: bool (rows, columns), blocks that were watched.
            moved: bool (rows, columns), those that changed meanwhile.
        """
        self._look_at(shot)
        moving = moved.copy()
        for shift in range(1, BESIDE + 1):
            moving[:, shift:] |= moved[:, :-shift]
            moving[:, :-shift] |= moved[:, shift:]
        self._moving = self._moving | (moving & watched)
        self._still = (self._still | watched) & ~self._moving

    def _look_at(self, shot: Screenshot) -> None:
        if self._shot is None or self._shot.view != shot.view or shot.time - self._since > MEMORY_SECONDS:
            self._since = shot.time
            height, width = shot.bgrx.shape[:2]
            self._moving = self._still = np.zeros((-(-height // BLOCK), -(-width // BLOCK)), bool)
        self._shot = shot
