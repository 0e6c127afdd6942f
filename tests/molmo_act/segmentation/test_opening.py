"""Propagators by their names; what cannot be one is one clear error."""

from __future__ import annotations

import pytest

from molmo_act.errors import CheckpointError, InputError
from molmo_act.segmentation.grabcut import GrabCut
from molmo_act.segmentation.opening import open_propagator, open_stream
from molmo_act.segmentation.sam2 import EdgeTamPropagator, Sam2Propagator
from tests.support.tiny_sam2 import tiny_propagator


def test_grabcut_needs_no_weights():
    assert open_propagator("grabcut") == GrabCut()


@pytest.mark.parametrize(("name", "kind"), [("sam2", Sam2Propagator), ("edgetam", EdgeTamPropagator)])
def test_weights_are_those_of_a_folder(name, kind, tmp_path):
    tiny_propagator(kind).model.save_pretrained(tmp_path)
    assert type(open_propagator(name, weights=tmp_path)) is kind


@pytest.mark.parametrize("name", ["sam2", "edgetam"])
def test_missing_weights_are_named(name, tmp_path):
    with pytest.raises(CheckpointError, match="cannot be loaded as a"):
        open_propagator(name, weights=tmp_path)


def test_a_propagator_is_given_back():
    given = GrabCut(rounds=2)
    assert open_propagator(given) is given


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("sam3",), "propagator is 'sam3'"),
        ((None,), "propagator is None"),
        ((5,), "propagator is 5"),
        (("grabcut", "a"), "has none"),
        ((GrabCut(), "a"), "leave them out"),
        (("sam2", 5), "weights"),
    ],
)
def test_what_is_no_propagator(given, says):
    name, *weights = given
    with pytest.raises(InputError, match=says):
        open_propagator(name, weights=weights[0] if weights else None)


def test_streams_need_a_propagator_that_takes_them():
    open_stream("grabcut").reset()
    with pytest.raises(InputError, match=r"masks is .* stream\(\)"):
        open_stream(lambda frames, xy: None)
