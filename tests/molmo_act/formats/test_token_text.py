"""Text of ids as they come: no half characters, and spans that say which id wrote what."""

from __future__ import annotations

import pytest

from molmo_act.formats.token_text import TokenText
from tests.support.tiny_checkpoint import tiny_processor
from tests.support.tiny_molmo1 import molmo1_processor

TEXT = 'The café – 日本語 🦙 <points coords="1 1 500 250">mugs</points>'


@pytest.mark.parametrize("processor", [tiny_processor, lambda: molmo1_processor("tiny")])
def test_pieces_are_the_whole_and_no_character_comes_in_halves(processor):
    tokenizer = processor().tokenizer
    ids = tokenizer.encode(TEXT, add_special_tokens=False)
    growing = TokenText(tokenizer)
    pieces = [growing.feed([token]) for token in ids]
    growing.end()
    assert "".join(pieces) == growing.text == tokenizer.decode(ids)
    assert not any("\ufffd" in piece for piece in pieces)
    assert len(growing.spans) == len(ids)
    llama = TEXT.index("🦙")
    writers = [
        token for token, (first, last) in zip(ids, growing.spans, strict=True) if first <= llama < last
    ]
    assert tokenizer.decode(writers).strip() == "🦙"
    assert len(writers) > 1


def test_half_a_character_at_the_end_is_left_out():
    tokenizer = tiny_processor().tokenizer
    ids = tokenizer.encode("ab 🦙", add_special_tokens=False)
    growing = TokenText(tokenizer)
    growing.feed(ids[:-1])
    growing.end()
    assert growing.text.rstrip() == "ab"
    assert len(growing.spans) == len(ids) - 1


def test_bytes_that_never_become_a_character_hold_nothing_back():
    class Bytes:
        def decode(self, ids, **_):
            return bytes(ids).decode(errors="replace")

    growing = TokenText(Bytes())  # type: ignore[arg-type]
    pieces = [growing.feed([byte]) for byte in [0xFF] * 8 + [0x41]]
    assert "".join(pieces).endswith("A")
    assert pieces[3]
