"""Weights that are read one after another."""

from __future__ import annotations

import pytest
import torch

from molmo_act.errors import CheckpointError
from molmo_act.models.molmo_point import MolmoPointConfig, MolmoPointForConditionalGeneration
from molmo_act.models.streamed_weights import StreamedWeights
from molmo_act.pointing.load import NANO
from tests.support.tiny_checkpoint import TINY


def on_meta(folder, **changes):
    config = MolmoPointConfig.from_pretrained(folder)
    for name, value in changes.items():
        setattr(config.text_config, name, value)
    with torch.device("meta"):
        return MolmoPointForConditionalGeneration._from_config(config, dtype=torch.float32)


@pytest.mark.parametrize("folder", [TINY, NANO], ids=["tiny", "nano"])
def test_joint_tables_and_projections_come_apart_as_in_loading(folder):
    expected = MolmoPointForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).state_dict()
    found = dict(StreamedWeights(on_meta(folder), folder, torch.float32).read())
    assert expected.keys() - found.keys() <= {"lm_head.weight"}  # where it is the input table
    for name, value in found.items():
        assert value.dtype == torch.float32
        assert torch.equal(value, expected[name]), name


def test_parts_are_chosen_by_the_beginning_of_their_names():
    weights = StreamedWeights(on_meta(TINY), TINY, torch.float32)
    first = {name for name, _ in weights.read("model.language_model.layers.0.")}
    rest = {name for name, _ in weights.read(leave="model.language_model.layers.0.")}
    assert len(first) > 5
    assert first | rest == weights.names
    assert not first & rest


def test_another_shape_is_named_when_it_is_read():
    weights = StreamedWeights(on_meta(TINY, intermediate_size=20), TINY, torch.float32)
    with pytest.raises(CheckpointError, match="weights of another shape"):
        list(weights.read())
