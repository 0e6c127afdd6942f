"""transformers' Auto classes on Molmo 1 folders: our classes, no remote code, no question asked."""

from __future__ import annotations

import pytest
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor

from molmo_act.models.molmo import MolmoConfig, MolmoForConditionalGeneration, MolmoProcessor
from tests.support.tiny_molmo1 import DATA, molmo1_processor


@pytest.fixture(autouse=True)
def _nobody_answers_questions(monkeypatch):
    """The folder's `auto_map` names python files; a prompt about running them would wait for an answer."""

    def asked(*_):
        raise AssertionError("transformers asked whether to run remote code")

    monkeypatch.setattr("builtins.input", asked)


def test_config():
    config = AutoConfig.from_pretrained(DATA / "tiny_o")
    assert type(config) is MolmoConfig
    assert config.get_text_config().model_type == "olmo2"


@pytest.mark.parametrize("auto", [AutoModelForCausalLM, AutoModelForImageTextToText])
def test_model(auto):
    assert type(auto.from_pretrained(DATA / "tiny")) is MolmoForConditionalGeneration


def test_processor_of_files_that_we_wrote(tmp_path):
    molmo1_processor("tiny").save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text((DATA / "tiny" / "config.json").read_text())
    assert type(AutoProcessor.from_pretrained(tmp_path)) is MolmoProcessor
