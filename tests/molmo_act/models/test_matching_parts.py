"""Parts of two checkpoints in one: refused at loading, with the key and what is expected of it."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest

from molmo_act.errors import CheckpointError
from molmo_act.models.matching_parts import TOKENS, check_parts
from tests.support.tiny_checkpoint import tiny_model, tiny_processor


def check(processor: object, **changes: object) -> None:
    config = copy.copy(tiny_model().config)
    for key, value in changes.items():
        setattr(config, key, value)
    check_parts("here", SimpleNamespace(config=config), processor)


def with_vocabulary(vocabulary: dict[str, int]) -> object:
    """The tiny processor with a tokenizer that knows these tokens only."""
    tokenizer = SimpleNamespace(get_vocab=lambda: vocabulary)
    own = tiny_processor()
    return SimpleNamespace(
        tokenizer=tokenizer, media_processors=list(own.media_processors), vision_ids=own.vision_ids
    )


def test_parts_of_one_checkpoint_go_together():
    check(tiny_processor())
    check(with_vocabulary({}))


@pytest.mark.parametrize("key", TOKENS)
def test_an_id_of_another_token(key):
    with pytest.raises(CheckpointError, match=f"'here' says '{key}': 5, but .* is [0-9]+ in tokenizer.json"):
        check(tiny_processor(), **{key: 5})


@pytest.mark.parametrize("number", [-1, 896, 10**9])
def test_an_id_that_is_none_of_the_words(number):
    with pytest.raises(CheckpointError, match=f"'patch_token_id': {number}; expected an id from 0 to 895"):
        check(with_vocabulary({}), patch_token_id=number)


def test_two_tokens_of_one_id():
    with pytest.raises(CheckpointError, match="'patch_token_id': 770, which is 'image_patch_id' already"):
        check(with_vocabulary({}), patch_token_id=770)


@pytest.mark.parametrize("part", [0, 1])
def test_patches_of_another_size(part):
    processor = with_vocabulary({})
    other = copy.copy(processor.media_processors[part])
    other.patch_size = 7
    processor.media_processors[part] = other
    with pytest.raises(CheckpointError, match=f"patches are of 14 pixels, but {other.config_file} of 7"):
        check(processor)


@pytest.mark.parametrize("part", [0, 1])
def test_crops_of_another_size_and_windows_of_more_patches(part):
    processor = with_vocabulary({})
    other = copy.copy(processor.media_processors[part])
    processor.media_processors[part] = other
    other.pooling_size = [4, 4]
    check(processor)  # the model is of windows of any size
    adapter = copy.copy(tiny_model().config.adapter_config)
    adapter.positional_embeddings = 9
    with pytest.raises(CheckpointError, match=f"windows are of 9 patches, but {other.config_file} of 16"):
        check(processor, adapter_config=adapter)
    other.size = {"height": 56, "width": 56}
    with pytest.raises(CheckpointError, match=f"crops are of 112×112 pixels, but {other.config_file} of 56"):
        check(processor)


@pytest.mark.parametrize("ids", [-1, 10**9, [3, 896], "end"])
@pytest.mark.parametrize("key", ["eos_token_id", "pad_token_id"])
def test_ends_of_an_answer_that_are_no_words(key, ids):
    model = SimpleNamespace(config=tiny_model().config, generation_config=SimpleNamespace(**{key: ids}))
    with pytest.raises(
        CheckpointError, match=f"generation_config.json of 'here' says '{key}': .*from 0 to 895"
    ):
        check_parts("here", model, tiny_processor())
