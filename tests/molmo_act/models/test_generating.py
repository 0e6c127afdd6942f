"""generate of every family: images in the first step only, and options without a meaning are refused."""

from __future__ import annotations

import pytest

from molmo_act import InputError
from molmo_act.pointing.prompts import prepare_inputs, text_part, user_message
from tests.support.families import family
from tests.support.synthetic import synthetic_image


@pytest.mark.parametrize("name", ["molmo_point", "molmo2", "tiny"])
def test_images_are_given_once(name):
    runtime, given = family(name).runtime, []
    message = user_message({"type": "image", "image": synthetic_image(1, 60, 90)}, text_part("What?"))
    inputs = prepare_inputs(runtime, [[message]])
    del inputs["metadata"]
    hook = runtime.model.register_forward_pre_hook(
        lambda _, args, kwargs: given.append({key for key, value in kwargs.items() if value is not None}),
        with_kwargs=True,
    )
    try:
        end = runtime.tokenizer.eos_token_id
        runtime.model.generate(**inputs, max_new_tokens=3, do_sample=False, eos_token_id=-1, pad_token_id=end)
    finally:
        hook.remove()
    first, *later = given
    assert len(later) == 2
    assert {"pixel_values", "image_token_pooling"} <= first
    for step in later:
        assert not step & {*runtime.model.first_only, "mm_token_type_ids"}
    with pytest.raises(InputError, match="num_beams"):
        runtime.model.generate(**inputs, num_beams=3)
