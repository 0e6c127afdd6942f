"""Milliseconds per point: the engine against `generate` with the logits processor, on this machine.

`python -m model.benchmarks.decode --threads 1` alternates the two on models of random weights and on nano;
one JSON line comes last. Answers of both paths are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

import molmo_act
from model.benchmarks.random_models import make_grammar, make_model, make_processor, mid_size
from model.benchmarks.timing import spread
from model.data.scenes import draw_scene
from molmo_act.engine import Limits, answer
from molmo_act.grammar import AnswerGrammar
from molmo_act.modeling import MolmoPointForConditionalGeneration

PICTURE = (640, 480)
POINTS = 12
IDS_PER_POINT = 4
QUERY = "the red circle"


def prompt(processor: Any, size: tuple[int, int]) -> dict[str, Any]:
    """Model inputs of one composed picture and a query."""
    picture = draw_scene(np.random.default_rng(0), *size, None)
    content = [{"type": "text", "text": f"Point to {QUERY}"}, {"type": "image", "image": picture.image}]
    return dict(
        processor.apply_chat_template(
            [{"role": "user", "content": content}],
            tokenize=True,
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
    )


@torch.inference_mode()
def plain(
    model: MolmoPointForConditionalGeneration, inputs: dict[str, Any], ids: int
) -> tuple[list[int], float]:
    """Answer of `generate`, and its seconds."""
    began = time.perf_counter()
    rules = model.build_logit_processor_from_inputs(inputs)
    out = model.generate(**inputs, logits_processor=rules, max_new_tokens=ids, do_sample=False)
    seconds = time.perf_counter() - began
    return out[0, inputs["input_ids"].shape[1] :].tolist(), seconds


def compare(
    model: MolmoPointForConditionalGeneration,
    inputs: dict[str, Any],
    grammar: AnswerGrammar,
    rounds: int,
    name: str,
) -> dict[str, Any]:
    """Both paths, alternating: medians, spread, ratio."""
    longest = POINTS * IDS_PER_POINT
    limits = Limits(longest)
    expected = [i for i in plain(model, inputs, longest)[0] if i not in grammar.end_ids]
    found = answer(model, inputs, grammar, [QUERY], limits=limits)
    if found.rows[0].tokens != expected:
        raise RuntimeError(f"{name}: the two paths answer differently; there is nothing to compare.")
    start = model.config.extended_vocab_start
    points = max(1, sum(token >= start for token in expected) // 3)
    times: dict[str, list[float]] = {"prefill plain": [], "prefill ours": [], "plain": [], "ours": []}
    for _ in tqdm(range(rounds), desc=name):
        first = plain(model, inputs, 1)[1]
        times["prefill plain"].append(1000 * first)
        times["plain"].append(1000 * (plain(model, inputs, longest)[1] - first) / points)
        ours = answer(model, inputs, grammar, [QUERY], limits=limits)
        times["prefill ours"].append(ours.prefill_ms)
        times["ours"].append(ours.decode_ms / points)
    found_ms = {key: spread(values) for key, values in times.items()}
    return {
        "points": points,
        "ids": len(expected),
        "steps": found.steps,
        "prompt": inputs["input_ids"].shape[1],
        "crops": len(inputs["pixel_values"]),
        "ms": found_ms,
        "times faster per point": _ratio(found_ms, "plain", "ours"),
        "times faster prefill": _ratio(found_ms, "prefill plain", "prefill ours"),
    }


def _ratio(found: dict[str, dict[str, float]], plain: str, ours: str) -> float:
    return round(found[plain]["median"] / found[ours]["median"], 2)


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
    inputs, grammar = prompt(processor, PICTURE), make_grammar(processor)
    results = {}
    for vocabulary in args.vocabularies:
        model = make_model(mid_size(vocabulary), grammar)
        name = f"mid-size, {vocabulary} words"
        results[name] = compare(model, inputs, grammar, args.rounds, name)
    nano = molmo_act.load(device="cpu")
    words = AnswerGrammar.of(nano.processor.tokenizer)
    results["nano"] = compare(nano.model, prompt(nano.processor, (320, 240)), words, args.rounds, "nano")
    print("| model | plain, ms/point | ours, ms/point | times faster | prefill |\n|---|---|---|---|---|")
    for name, found in results.items():
        print(
            f"| {name} | {found['ms']['plain']['median']} | {found['ms']['ours']['median']} "
            f"| {found['times faster per point']} | {found['times faster prefill']} |"
        )
    print(json.dumps({"threads": args.threads, "machine": platform.machine(), **results}))


if __name__ == "__main__":
    main()
