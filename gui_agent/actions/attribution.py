"""Tells which changes of the screen can come from an action: in its window, and windows that come or go.

A video, a clock or a message in another window changes the screen, too, and says nothing of the action.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gui_agent.geometry import Area
from gui_agent.input.backend import InputBackend
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.diff import BLOCK
from gui_agent.vision.screenshot import Screenshot


class Attribution:
    """Where changes count; make it before the action.

    Args:
        backend: Knows what is shown.
        windows: Those that are acted on; where one of them is not known, every change counts.
    """

    def __init__(self, backend: InputBackend, windows: Sequence[WindowInfo | None]) -> None:
        self._backend = backend
        known = [window for window in windows if window is not None]
        self._is_known = bool(known) and len(known) == len(windows)
        self._clients = {window.client for window in known}
        self._frames = {window.frame for window in known}
        self._before = backend.surfaces() if self._is_known else {}

    def counted(self, shot: Screenshot) -> np.ndarray:
        """Finds the parts of the screen in which a change until now can come from the action.

        Args:
            shot: Whose blocks are meant.

        Returns:
            bool (rows, columns), as `gui_agent.vision.diff.changed_blocks` has them.
        """
        height, width = shot.bgrx.shape[:2]
        blocks = np.zeros((-(-height // BLOCK), -(-width // BLOCK)), bool)
        if not self._before:
            return ~blocks
        now = self._backend.surfaces()
        for surfaces, others in ((self._before, now), (now, self._before)):
            for number, surface in surfaces.items():
                is_own = number in self._frames or surface.client in self._clients
                if is_own or others.get(number) != surface:
                    _mark(blocks, surface.area, shot)
        return blocks


def _mark(blocks: np.ndarray, area: Area, shot: Screenshot) -> None:
    if (shared := area.shared_with(shot.view.area)) is not None:
        left, top, right, bottom = shot.pixel_box(shared)
        blocks[top // BLOCK : -(-bottom // BLOCK), left // BLOCK : -(-right // BLOCK)] = True
