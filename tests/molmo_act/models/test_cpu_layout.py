"""A model that is prepared for a CPU is the same model."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import torch

import molmo_act
from molmo_act.models.attention import SHARED_KEYS
from molmo_act.models.cpu_layout import prepare_for_cpu
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from molmo_act.pointing.load import NANO
from tests.support.tiny_checkpoint import tiny_model


def test_numbers_and_names_stay_and_it_is_saved_as_before(tmp_path):
    model = molmo_act.load(device="cpu").model
    plain = MolmoPointForConditionalGeneration.from_pretrained(NANO)
    expected, found = plain.state_dict(), model.state_dict()
    assert [*found] == [*expected]
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    layer = model.model.language_model.layers[0].mlp.gate_proj.weight
    assert layer.stride() == (1, layer.shape[0])
    model.save_pretrained(tmp_path)
    again = MolmoPointForConditionalGeneration.from_pretrained(tmp_path).state_dict()
    assert all(torch.equal(again[name], expected[name]) for name in expected)


def test_attention_chosen_for_another_reason_stays():
    model = copy.deepcopy(tiny_model())
    for chosen, expected in (("eager", "eager"), ("sdpa", SHARED_KEYS)):
        model.set_attn_implementation({"text_config": chosen})
        prepare_for_cpu(model)
        assert model.config.text_config._attn_implementation == expected


def test_it_attends_in_another_process(tmp_path):
    model = copy.deepcopy(tiny_model())
    prepare_for_cpu(model)
    (tmp_path / "model").write_bytes(pickle.dumps(model))
    code = (
        "import pickle, sys, torch; model = pickle.load(open(sys.argv[1], 'rb'));"
        "print(model(input_ids=torch.ones(1, 3, dtype=torch.long)).logits.shape[1])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "3\n"
