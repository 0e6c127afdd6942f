"""Writes checkpoints of random weights, so that benchmarks load them as users do."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

import molmo_act
from model.benchmarks._random_models import SIZES, make_grammar, make_model, make_processor
from molmo_act.formats.grounding_tokens import AnswerGrammar

NANO = "nano"
NAMES = (*SIZES, NANO)


@contextmanager
def checkpoint(name: str, dtype: torch.dtype) -> Iterator[Path | None]:
    """Yields a temporary folder with a model of a size in `SIZES`, or None for nano, which is bundled."""
    if name == NANO:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(name, dtype, Path(folder))
        yield Path(folder)


def write_checkpoint(name: str, dtype: torch.dtype, folder: Path) -> None:
    """Writes a model of a size in `SIZES` with its processor to a folder."""
    processor, config = make_processor(), SIZES[name]()
    make_model(config, make_grammar(processor), dtype=dtype).save_pretrained(folder)
    processor.save_pretrained(folder)
    widen_vocabulary(folder / "tokenizer.json", config.extended_vocab_start)


def widen_vocabulary(path: Path, words: int) -> None:
    """Gives nano's tokenizer so many words: grounding tokens behind them, unused ones before."""
    said = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = said["model"]["vocab"]
    for token in said["added_tokens"]:
        number = token["content"].removeprefix("<POINT_").removesuffix(">")
        if number.isdecimal():
            token["id"] = words + int(number)
        vocabulary[token["content"]] = token["id"]
    for unused in sorted({*range(words)} - {*vocabulary.values()}):
        vocabulary[f"<unused {unused}>"] = unused
    path.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


def load_model(
    folder: Path | None, device: torch.device, dtype: torch.dtype, quantization: str | None = None
) -> molmo_act.PointingModel:
    """Loads what `checkpoint` yields; a random model answers points without end, all with object id 1.

    Args:
        folder: Of a random model; None for the bundled nano.
        device: Where it runs.
        dtype: Of what is not quantized.
        quantization: See `molmo_act.load`.
    """
    model = molmo_act.load(folder, device=device, dtype=dtype, quantization=quantization)
    model.runtime.grammar = grammar_of(model)
    return model


def quantization_of(name: str) -> str | None:
    """What `molmo_act.load` takes for a word of the command line."""
    return None if name == "none" else name


def add_precision(parser: argparse.ArgumentParser, *quantizations: str) -> None:
    """Adds ``--device``, ``--dtype`` and ``--quantizations``, "none" and the default ones given here."""
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--quantizations", nargs="+", default=["none", *quantizations], metavar="Q")


def grammar_of(model: molmo_act.PointingModel) -> AnswerGrammar:
    """Returns the answer format of a model; random models answer points without end, all with object id 1."""
    if model.name == NANO:
        return AnswerGrammar.of(model.processor.tokenizer)
    return make_grammar(model.processor)
