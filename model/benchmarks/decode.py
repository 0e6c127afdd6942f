"""Milliseconds per point: the engine against `generate` with the logits processor, on this machine.

`python -m model.benchmarks.decode --threads 1` alternates the two on models of random weights and on nano;
one JSON line comes last. Answers of both paths are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import platform

import numpy as np
import torch

import molmo_act
from model.benchmarks.random_models import make_grammar, make_model, make_processor, mid_size, prompt
from model.data.scenes import draw_scene
from molmo_act.bench import compare
from molmo_act.grammar import AnswerGrammar

PICTURE, SMALL = (640, 480), (320, 240)
LONGEST = 48  # ids, that is twelve points of random models
SEED, QUERY = 3, "shapes"


def scene(size: tuple[int, int]) -> np.ndarray:
    """One composed picture of a (width, height)."""
    return draw_scene(np.random.default_rng(SEED), *size, None).image


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--vocabularies", type=int, nargs="*", default=[32768, 151936])
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    processor = make_processor()
    inputs, grammar = prompt(processor, scene(PICTURE), QUERY), make_grammar(processor)
    options = {"rounds": args.rounds, "longest": LONGEST}
    results = {}
    for vocabulary in args.vocabularies:
        model = make_model(mid_size(vocabulary), grammar)
        results[f"mid-size, {vocabulary} words"] = compare(model, inputs, grammar, QUERY, **options)
    nano = molmo_act.load(device="cpu")
    words = AnswerGrammar.of(nano.processor.tokenizer)
    results["nano"] = compare(
        nano.model, prompt(nano.processor, scene(SMALL), QUERY), words, QUERY, **options
    )
    print("| model | generate, ms/point | engine, ms/point | times faster | prefill |\n|---|---|---|---|---|")
    for name, found in results.items():
        plain, ours = (found["ms"][key]["median"] / found["points"] for key in ("plain_decode", "decode"))
        ratio, prefill = found["times_faster_decode"], found["times_faster_prefill"]
        print(f"| {name} | {plain:.1f} | {ours:.1f} | {ratio} | {prefill} |")
    print(json.dumps({"threads": args.threads, "machine": platform.machine(), **results}))


if __name__ == "__main__":
    main()
