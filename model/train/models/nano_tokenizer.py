"""Trains nano's small tokenizer in the released layout of ids.

Ids: byte-level BPE words, three chat tokens, fillers up to the base size, the fourteen vision and grounding
tokens, fillers up to the additional size, then `<POINT_k>`: the printable names of a prompt's extended ids.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

CHAT_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
ANSWER_TOKENS = ('<points coords="', '">', "</points>")
VISION_TOKENS = (
    "<im_start>",
    "<im_end>",
    "<im_patch>",
    "<im_col>",
    "<low_res_im_start>",
    "<|image|>",
    "<im_low>",
    "<frame_start>",
    "<frame_end>",
    "<|video|>",
    "<|points|>",
    "<|token_index|>",
    "<|vit_index|>",
    "<|vit_loc|>",
)
ADDITIONAL_SIZE = 128
# One letter run with at most one leading sign or space, one digit, a run of signs, or white space.
_WORDS = Regex(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def train_tokenizer(
    texts: Iterable[str], base_size: int = 4096, num_points: int = 4096
) -> PreTrainedTokenizerFast:
    """Trains a tokenizer.

    Args:
        texts: Texts like those that the model will read and write.
        base_size: Size V of the base vocabulary, chat tokens included.
        num_points: Number of `<POINT_k>` names: the most image tokens of a prompt, and a few more.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_WORDS, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    reserved = len(CHAT_TOKENS) + len(ANSWER_TOKENS)
    trainer = trainers.BpeTrainer(
        vocab_size=base_size - reserved,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    _add_reserved(tokenizer, base_size, num_points)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_end|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def _add_reserved(tokenizer: Tokenizer, base_size: int, num_points: int) -> None:
    def add(names: Iterable[str], special: bool) -> None:
        tokens = [AddedToken(name, special=special, normalized=False) for name in names]
        (tokenizer.add_special_tokens if special else tokenizer.add_tokens)(tokens)

    add(CHAT_TOKENS, special=True)
    add(ANSWER_TOKENS, special=False)
    add((f"|<EXTRA_TOKENS_{i}>|" for i in range(base_size - tokenizer.get_vocab_size())), special=True)
    add(VISION_TOKENS, special=True)
    add((f"<EXTRA_TOKENS_POINT_{i}>" for i in range(ADDITIONAL_SIZE - len(VISION_TOKENS))), special=False)
    add((f"<POINT_{i}>" for i in range(num_points)), special=False)
