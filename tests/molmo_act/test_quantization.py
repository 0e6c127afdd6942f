"""Precision maps by name, and what they leave alone; with bitsandbytes, on real weights."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

import molmo_act
from molmo_act import InputError, MissingExtraError
from molmo_act.modeling import MolmoPointConfig, MolmoPointForConditionalGeneration
from molmo_act.quantization import quantization_config
from tests.tiny_checkpoint import SNIPPET, TINY, load_case, tiny_processor

# bitsandbytes and accelerate warn of their own doings.
QUIET = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)

needs_packages = pytest.mark.skipif(
    not (find_spec("bitsandbytes") and find_spec("accelerate")), reason="extra 'quant' is not installed"
)


def test_unknown_name():
    with pytest.raises(InputError, match="quantization is 'int3'; expected 'nf4' or 'int8'"):
        quantization_config("int3")


@pytest.mark.parametrize("name", ["nf4", "int8"])
@pytest.mark.parametrize("package", ["bitsandbytes", "accelerate"])
def test_missing_package(monkeypatch, name, package):
    monkeypatch.setattr("molmo_act.quantization.find_spec", lambda asked: None if asked == package else asked)
    with pytest.raises(MissingExtraError, match=rf"{package}.*molmo-act\[quant\]"):
        molmo_act.load(TINY, quantization=name)


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> Path:
    """A random checkpoint as the tiny one, whose rows are whole blocks of 64 numbers."""
    config = MolmoPointConfig.from_pretrained(TINY)
    config.text_config.intermediate_size = 128
    folder = tmp_path_factory.mktemp("wide")
    torch.manual_seed(7)
    MolmoPointForConditionalGeneration(config).save_pretrained(folder)
    tiny_processor().save_pretrained(folder)
    return folder


@needs_packages
@QUIET
@pytest.mark.parametrize(("name", "kind"), [("nf4", "Linear4bit"), ("int8", "Linear8bitLt")])
def test_only_language_blocks_are_stored_in_fewer_bits(wide, name, kind):
    loaded = molmo_act.load(wide, device="cpu", quantization=name)
    linear = {key: m for key, m in loaded.model.named_modules() if isinstance(m, torch.nn.Linear)}
    quantised = {key for key, module in linear.items() if type(module).__name__ == kind}
    assert quantised == {key for key in linear if ".language_model.layers." in key}
    assert len(quantised) == 2 * 7  # q, k, v, o, gate, up, down in each block
    for key in quantised:
        assert linear[key].weight.element_size() == 1, key

    full = molmo_act.load(wide, device="cpu")
    inputs = tiny_processor().apply_chat_template(load_case("image_one")[0], **SNIPPET)
    del inputs["metadata"]
    with torch.no_grad():
        exact, rounded = (one.model(**inputs).logits[0, -1, :700].float() for one in (full, loaded))
    # Rounded, not broken: the logits of words go the same way, though not exactly.
    assert not torch.equal(exact, rounded)
    assert torch.cosine_similarity(exact, rounded, dim=0) > 0.9


@needs_packages
@QUIET
def test_rows_that_are_no_whole_blocks():
    with pytest.raises(InputError, match=r"multiple of 64 numbers, but .*mlp.down_proj has 96.*'int8'"):
        molmo_act.load(TINY, device="cpu", quantization="nf4")
