"""Says what a decode step spends its time on, in torch and in ONNX Runtime.

`python -m model.benchmarks.step_profile --threads 1` decodes answers of twelve points, which are forced, and
counts operators: calls and milliseconds per point, by what they do. What is left of the time of an answer,
measured without a profiler, is spent in Python and between operators. The extra `onnx` adds columns of its
own. The second table compares steps with those of transformers' own modules, in turns and in CPU time, so
that other programs on the machine count little.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from model._cli import command, make_parser

POINTS, QUERY = 12, "shapes"
_STEPS = "molmo_act.generation.engine.exhausted"  # takes all steps of an answer
KINDS = {
    "matrix products": r"mm|matmul|gemm|linear|dynamicquantize|nbits",
    "attention": r"attention|softmax",
    "copies": (
        r"copy|clone|cat|concat|gather|index|scatter|contiguous|pad|slice|expand|transpose|reshape|repeat"
        r"|fill|stack"
    ),
    "other elements": r"",
}
"""What operators do → names, the first that is found counts."""


def kind_of(operator: str) -> str:
    """Which of `KINDS` an operator is of."""
    name = operator.lower()
    return next(kind for kind, pattern in KINDS.items() if re.search(pattern, name))


def summed(operators: Mapping[str, tuple[int, float]], whole_ms: float) -> dict[str, dict[str, float]]:
    """Calls and milliseconds per point of each kind, and of what is left of the whole time of a point."""
    calls: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for name, (count, milliseconds) in operators.items():
        calls[kind_of(name)] += count
        taken[kind_of(name)] += milliseconds  # type: ignore[assignment]
    found = {kind: {"calls": calls[kind] / POINTS, "ms": taken[kind] / POINTS} for kind in KINDS}
    left = whole_ms - sum(each["ms"] for each in found.values())
    return {
        **found,
        "Python, between operators": {"calls": 0, "ms": max(left, 0)},
        "all": {"calls": 0, "ms": whole_ms},
    }


def whole(point: Callable[[], Any], rounds: int) -> float:
    """Milliseconds per point without a profiler, beside prefill."""
    point()
    return median(point().timing_ms["decode"] for _ in range(rounds)) / POINTS


def in_torch(point: Callable[[], Any], rounds: int) -> dict[str, dict[str, float]]:
    """Operators of torch, those of prefill taken off."""
    from torch.profiler import ProfilerActivity, profile, record_function

    from molmo_act.generation.outputs import exhausted

    whole_ms = whole(point, rounds)
    decode = exhausted

    def recorded(steps: Any) -> Any:
        with record_function("decoding"):
            return decode(steps)

    activities = [ProfilerActivity.CPU]
    with patch(_STEPS, recorded), profile(activities=activities) as profiler:
        point()
    operators: dict[str, tuple[int, float]] = {}
    events = profiler.events() or []
    [spent] = [event.time_range for event in events if event.name == "decoding"]
    for event in events:
        inside = spent.start <= event.time_range.start < spent.end
        if inside and event.name.startswith("aten::"):
            count, taken = operators.get(event.name, (0, 0.0))
            operators[event.name] = count + 1, taken + event.self_cpu_time_total / 1e3
    return summed(operators, whole_ms)


def without_blocks() -> contextlib.ExitStack:
    """Has models load and decode as transformers' own modules do, for as long as it is entered."""
    from molmo_act.models.molmo_point.step_blocks import StepBlocks
    from molmo_act.pointing import load

    stack = contextlib.ExitStack()
    stack.enter_context(patch.object(load, "prepare_for_cpu", lambda model: None))
    stack.enter_context(patch.object(StepBlocks, "fits", staticmethod(lambda model: False)))
    return stack


def in_turns(make: Callable[[], Any], image: Any, rounds: int) -> dict[str, float]:
    """Milliseconds of CPU time per point beside prefill: with transformers' modules, and as it is.

    Args:
        make: Loads the model.
        image: Pointed in.
        rounds: Answers of each, in turns, behind one that is not counted.

    Returns:
        The medians; that they give the same ids is checked.
    """
    from molmo_act.generation.outputs import exhausted

    decode, taken, ids = exhausted, defaultdict[str, list[float]](list), defaultdict[str, Any](list)

    def timed(steps: Any) -> Any:
        began = time.process_time()
        found = decode(steps)
        taken[way].append((time.process_time() - began) * 1000 / POINTS)
        ids[way] = [answer.tokens for answer in found.answers]
        return found

    with without_blocks():
        models = {"modules": make()}
    models["blocks"] = make()
    with patch(_STEPS, timed):
        for _ in range(rounds + 1):
            for way, model in models.items():
                with without_blocks() if way == "modules" else contextlib.nullcontext():
                    model.point(image, QUERY, exactly=POINTS)
    assert ids["modules"] == ids["blocks"], "the answers differ"
    return {way: median(each[1:]) for way, each in taken.items()}


def in_onnx(folder: Path, image: Any, rounds: int) -> dict[str, dict[str, float]]:
    """Operators of ONNX Runtime, those of prefill taken off."""
    import molmo_act
    from molmo_act.embedded.providers import onnxruntime

    model = molmo_act.load(folder, providers=["CPUExecutionProvider"])
    whole_ms = whole(lambda: model.point(image, QUERY, exactly=POINTS), rounds)
    network: Any = model.runtime.network
    opened = onnxruntime.SessionOptions

    def profiling() -> Any:
        options = opened()
        options.enable_profiling = True
        options.profile_file_prefix = str(folder / "profile")
        return options

    with patch.object(onnxruntime, "SessionOptions", profiling, create=True):
        network._sessions.clear()
        read = model.encode(image)
        for session in network._sessions.values():
            session.end_profiling()
        network._sessions.clear()
        model.point(read, QUERY, exactly=POINTS)
        files = [session.end_profiling() for session in network._sessions.values()]
    operators: dict[str, tuple[int, float]] = {}
    for file in files:
        for event in json.loads(Path(file).read_text()):
            if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
                name = event["args"]["op_name"]
                count, taken = operators.get(name, (0, 0.0))
                operators[name] = count + 1, taken + event["dur"] / 1e3
    return summed(operators, whole_ms)


def table(results: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Calls and milliseconds per point as Markdown."""
    names = [*next(iter(results.values()))]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for name, found in results.items():
        cells = [
            f"{each['ms']:.2f}" + (f" ({each['calls']:.0f})" if each["calls"] else "")
            for each in found.values()
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def measure(name: str, rounds: int, *, onnx: bool) -> dict[str, dict[str, dict[str, float]]]:
    """Both engines with one model."""
    import torch

    from model.benchmarks._random_checkpoints import checkpoint, load_model
    from model.benchmarks.decode import IMAGE_SIZE, NANO, SMALL_IMAGE_SIZE, scene
    from molmo_act.export.writing import write_export

    image = scene(SMALL_IMAGE_SIZE if name == NANO else IMAGE_SIZE)
    with checkpoint(name, torch.float32) as stored, tempfile.TemporaryDirectory() as folder:
        model = load_model(stored, torch.device("cpu"), torch.float32)
        found = {f"{name}, torch": in_torch(lambda: model.point(image, QUERY, exactly=POINTS), rounds)}
        if onnx:
            exported = Path(folder) / "export"
            write_export(model.model, model.processor, exported, name=name)
            found[f"{name}, ONNX Runtime"] = in_onnx(exported, image, rounds)
    return found


def compare(name: str, rounds: int) -> dict[str, float]:
    """`in_turns` of a model."""
    import torch

    from model.benchmarks._random_checkpoints import checkpoint, load_model
    from model.benchmarks.decode import IMAGE_SIZE, NANO, SMALL_IMAGE_SIZE, scene

    image = scene(SMALL_IMAGE_SIZE if name == NANO else IMAGE_SIZE)
    with checkpoint(name, torch.float32) as stored:
        return in_turns(lambda: load_model(stored, torch.device("cpu"), torch.float32), image, rounds)


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--models", nargs="+", default=["nano", "mid-size, 32768 words"], metavar="NAME")
    parser.add_argument("--no-onnx", action="store_true", help="torch only")
    parser.add_argument("--no-profile", action="store_true", help="only the second table")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    began = time.perf_counter()
    results: dict[str, Any] = {}
    for name in args.models if not args.no_profile else ():
        results |= measure(name, args.rounds, onnx=not args.no_onnx)
    if results:
        print(table(results))
    turns = {name: compare(name, args.rounds) for name in args.models}
    print("| model | modules, CPU ms per point | as it is | ratio |\n|---|---|---|---|")
    for name, found in turns.items():
        before, now = found["modules"], found["blocks"]
        print(f"| {name} | {before:.1f} | {now:.1f} | {now / before:.2f} |")

    import torch

    from model._machine import machine_info

    print(
        json.dumps(
            {**machine_info(torch.device("cpu")), "threads": args.threads, "ms": results, "turns": turns}
        )
    )
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
