"""A model loads in the background once, and is waited for when it is needed."""

from __future__ import annotations

import threading

import pytest

from gui_agent.tools.background_model import BackgroundModel
from molmo_act.errors import CheckpointError
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import fake_context


def test_it_is_waited_for_when_it_is_needed() -> None:
    may_load, loads = threading.Event(), []

    def load() -> BlobFinder:
        may_load.wait(60)
        loads.append(1)
        return BlobFinder()

    model = BackgroundModel(load)
    model.start()
    model.start()
    assert loads == []
    context = fake_context(model)
    context.screen.paint("#e01020", 20, 20)
    threading.Timer(0.1, may_load.set).start()
    snapshot = context.current_snapshot()
    assert [match.point for match in snapshot.ground("#e01020").all] == [(40, 30)]
    assert not model.calibrated
    assert loads == [1]


def test_what_fails_is_told_at_each_use(capsys) -> None:
    def load() -> BlobFinder:
        raise CheckpointError("There is no model 'x'.")

    model = BackgroundModel(load)
    for _ in range(2):
        with pytest.raises(CheckpointError, match="no model 'x'"):
            _ = model.calibrated
    assert capsys.readouterr().err == "gui-agent: error: There is no model 'x'.\n"
