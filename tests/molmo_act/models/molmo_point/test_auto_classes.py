"""transformers' Auto classes on MolmoPoint folders: our classes, no remote code, no question asked."""

from __future__ import annotations

import pytest
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

from molmo_act.models.molmo_point import (
    MolmoPointConfig,
    MolmoPointForConditionalGeneration,
    MolmoPointProcessor,
)
from tests.support.tiny_checkpoint import SNIPPET, TINY, load_case, tiny_processor


@pytest.fixture(autouse=True)
def _nobody_answers_questions(monkeypatch):
    """The folder's `auto_map` names python files; a prompt about running them would wait for an answer."""

    def asked(*_):
        raise AssertionError("transformers asked whether to run remote code")

    monkeypatch.setattr("builtins.input", asked)


def test_config():
    config = AutoConfig.from_pretrained(TINY)
    assert type(config) is MolmoPointConfig
    assert config.patch_token_id == 779


def test_model():
    model = AutoModelForImageTextToText.from_pretrained(TINY)
    assert type(model) is MolmoPointForConditionalGeneration


def test_processor_of_files_that_we_wrote(tmp_path):
    tiny_processor().save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text((TINY / "config.json").read_text())
    processor = AutoProcessor.from_pretrained(tmp_path)
    assert type(processor) is MolmoPointProcessor
    messages, arrays, _ = load_case("image_one")
    inputs = processor.apply_chat_template(messages, **SNIPPET)
    assert inputs["input_ids"].tolist() == arrays["in.input_ids"].tolist()
