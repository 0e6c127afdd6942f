"""An action that was called off says so, in its own thread only."""

from __future__ import annotations

import threading

import pytest

from gui_agent.errors import ActionBlockedError
from gui_agent.safety.cancellation import cancellable, require_not_cancelled


def test_it_is_noticed_within_the_block_only() -> None:
    called_off = threading.Event()
    with cancellable(called_off):
        require_not_cancelled()
        called_off.set()
        with pytest.raises(ActionBlockedError, match="The call was cancelled"):
            require_not_cancelled()
    require_not_cancelled()


def test_other_threads_go_on() -> None:
    called_off = threading.Event()
    called_off.set()
    failed: list[BaseException] = []

    def other() -> None:
        try:
            require_not_cancelled()
        except ActionBlockedError as error:
            failed.append(error)

    with cancellable(called_off):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert failed == []
