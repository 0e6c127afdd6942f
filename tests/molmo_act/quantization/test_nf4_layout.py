"""NF4 weights that are saved after answers, against those saved before the first one."""

from __future__ import annotations

import copy
from importlib.util import find_spec

import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file
from torch import nn

import molmo_act
from molmo_act import InputError, PointingModel
from molmo_act.quantization.nf4_layout import check_released_layout, keep_released_layout

needs_packages = pytest.mark.skipif(
    not (find_spec("bitsandbytes") and find_spec("accelerate")), reason="extra 'quant' is not installed"
)
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)
QUERY = "the red circle"


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    image = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(image).ellipse((80, 60, 140, 120), fill="red")
    return image


def assert_same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    for key, value in first.items():
        assert value.dtype == second[key].dtype, key
        assert torch.equal(value, second[key]), key


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [pytest.param("nf4", marks=needs_packages), pytest.param("int8", marks=needs_packages), "int8-dynamic"],
)
def test_saved_after_an_answer_as_before_the_first(picture, tmp_path, name):
    model = molmo_act.load(device="cpu", quantization=name)
    model.save_pretrained(tmp_path / "before")
    answer = model.point(picture, QUERY)
    assert len(answer.xy) > 0
    copied = copy.deepcopy(model.model)
    for one in (model.model.to("cpu"), copied):
        found = PointingModel(one, model.processor, "copy").point(picture, QUERY)
        assert found.xy.tolist() == answer.xy.tolist()
        assert found.score.tolist() == answer.score.tolist()
    model.save_pretrained(tmp_path / "after")

    before = load_file(tmp_path / "before" / "model.safetensors")
    assert_same(before, load_file(tmp_path / "after" / "model.safetensors"))
    again = molmo_act.load(tmp_path / "after", device="cpu")
    for one in (model, again):  # saving leaves the model as it was, and what it wrote answers the same
        found = one.point(picture, QUERY)
        assert found.xy.tolist() == answer.xy.tolist()
        assert found.score.tolist() == pytest.approx(answer.score.tolist(), abs=1e-6)  # sums by alignment
    again.save_pretrained(tmp_path / "second")  # loaded in NF4, answered, saved
    assert_same(before, load_file(tmp_path / "second" / "model.safetensors"))
    assert_same(copied.state_dict(), again.model.state_dict())


@needs_packages
def test_a_layer_that_answered_before_is_refused():
    from bitsandbytes.nn import LinearNF4

    layer = LinearNF4(128, 64, bias=False, compute_dtype=torch.bfloat16).to("cpu").eval()
    model = nn.Sequential(layer)
    check_released_layout(model)
    with torch.no_grad():
        layer(torch.ones(1, 128, dtype=torch.bfloat16))
    if not getattr(layer.weight.quant_state, "packing_format_for_cpu", False):
        pytest.skip("this CPU has no kernel that packs weights")
    for refuse in (check_released_layout, keep_released_layout):
        with pytest.raises(InputError, match="before its first answer, or load it again"):
            refuse(model)
