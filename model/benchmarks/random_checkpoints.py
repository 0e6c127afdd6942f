"""Checkpoints of random weights on disk, loaded as users load theirs; knows sizes and names, no clock."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

import molmo_act
from model.benchmarks.random_models import SIZES, make_grammar, make_model, make_processor
from molmo_act.grammar import AnswerGrammar

NANO = "nano"
NAMES = (*SIZES, NANO)


@contextmanager
def checkpoint(name: str, dtype: torch.dtype) -> Iterator[Path | None]:
    """A folder with a model of a size of `SIZES`, gone afterwards; None for nano, which is bundled."""
    if name == NANO:
        yield None
        return
    processor = make_processor()
    with tempfile.TemporaryDirectory() as folder:
        config = SIZES[name]()
        make_model(config, make_grammar(processor), dtype=dtype).save_pretrained(folder)
        processor.save_pretrained(folder)
        yield Path(folder)


def grammar_of(model: molmo_act.PointingModel) -> AnswerGrammar:
    """What its answers look like: those of random models are points without end, all number one."""
    if model.name == NANO:
        return AnswerGrammar.of(model.processor.tokenizer)
    return make_grammar(model.processor)
