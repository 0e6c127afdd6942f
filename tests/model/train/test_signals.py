"""A run is asked to stop and is not interrupted."""

from __future__ import annotations

import os
import signal

import pytest

from model.train.signals import SIGNALS, stop_requests


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_noticed_and_handlers_come_back(number):
    before = signal.getsignal(number)
    with stop_requests() as asked:
        assert not asked()
        os.kill(os.getpid(), number)
        assert asked()
    assert signal.getsignal(number) is before
