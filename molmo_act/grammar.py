"""The one place that knows what an answer looks like, as token ids; knows no tensors and no model.

An answer with points reads `<points coords="` (patch subpatch location number)+ no-more `">` label
`</points>`. What is nearly certain in it can be drafted: these ids are guesses, the model has the last word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

OPENING = '<points coords="'
AFTER_POINTS = '">'
CLOSING = "</points>"
_FILLER = re.compile(r"^(the|a|an|all|every|each)\s+", re.IGNORECASE)


@dataclass(frozen=True)
class AnswerGrammar:
    """Ids of the fixed parts of answers.

    Attributes:
        opening: Of `<points coords="`.
        closing: Of `</points>`.
        end_ids: Any of them ends an answer.
        numbers: First id of the number of each point: entry n is that of n.
    """

    opening: tuple[int, ...]
    closing: tuple[int, ...]
    end_ids: frozenset[int]
    numbers: tuple[int, ...]
    _tokenizer: PreTrainedTokenizerBase

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> AnswerGrammar:
        """The grammar in the ids of a tokenizer."""

        def ids(text: str) -> tuple[int, ...]:
            return tuple(tokenizer.encode(text, add_special_tokens=False))

        digits = [ids(str(digit))[0] for digit in range(10)]
        numbers = tuple(digits[int(str(number)[0])] for number in range(1000))
        ends = frozenset({int(tokenizer.eos_token_id)})
        return cls(ids(OPENING), ids(CLOSING), ends, numbers, tokenizer)

    def after_points(self, query: str) -> tuple[int, ...]:
        """What probably follows "no more points" in the answer to a query: its words as the label."""
        label = _FILLER.sub("", query.strip())
        return tuple(self._tokenizer.encode(f"{AFTER_POINTS}{label}{CLOSING}", add_special_tokens=False))
