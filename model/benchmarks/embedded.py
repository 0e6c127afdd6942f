"""Measures exported models beside torch: cold start, memory, prefill and milliseconds per point.

`python -m model.benchmarks.embedded --threads 1` runs nano and a mid-size model of random weights, each case
in processes of its own that take turns; every answer has twelve points, which are forced. A process answers
as often as it can in ``--seconds``, at least twice and at most ten times, so that a model takes about five
minutes on an idle machine. Ratios to torch in float32 stand in brackets; one JSON line comes last. Needs the
extra `onnx`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from tqdm import tqdm

from model._cli import command, make_parser

POINTS, QUERY = 12, "shapes"
SIDES = {"nano": (320, 240)}
IMAGE_SIZE = (640, 480)
ENGINES = {
    "torch float32": None,
    "torch int8-dynamic": "int8-dynamic",
    "ONNX fp32": "fp32",
    "ONNX int8": "int8",
    "ONNX int4": "int4",
}
REFERENCE = "torch float32"
LEAST, MOST = 2, 10
"""Answers of a process behind the first."""
COLUMNS = ("first_point_s", "memory_mb", "prefill_ms", "point_ms")


def one_case(folder: str, quantization: str | None, image: Path, seconds: float) -> dict[str, float]:
    """What a user's program would do: load, point, go on; says when the first answer is there."""
    import molmo_act

    began = time.perf_counter()
    model = molmo_act.load(folder, **({"quantization": quantization} if quantization else {}))
    model.point(image, QUERY, exactly=POINTS)
    print("first", flush=True)
    loaded = time.perf_counter() - began
    ends = time.perf_counter() + seconds
    taken: list[Mapping[str, float]] = []
    while len(taken) < LEAST or (len(taken) < MOST and time.perf_counter() < ends):
        taken.append(model.point(image, QUERY, exactly=POINTS).timing_ms)
    status = Path("/proc/self/status").read_text().splitlines()
    [resident] = [line.split()[1] for line in status if line.startswith("VmRSS:")]
    return {
        "load_and_first_s": loaded,
        "memory_mb": int(resident) * 1024 / 1e6,
        "prefill_ms": median(each["prefill"] for each in taken),
        "point_ms": median(each["decode"] for each in taken) / POINTS,
        "answers": len(taken),
    }


def run_case(words: list[str], threads: int) -> dict[str, float]:
    """One case in a process of its own; cold start counts from before it begins."""
    arguments = [sys.executable, "-m", "model.benchmarks.embedded", "--threads", str(threads)]
    began = time.perf_counter()
    with subprocess.Popen([*arguments, "--case", *words], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stdout.readline().strip() == "first", "the case failed"
        first = time.perf_counter() - began
        rest = running.stdout.read()
    return {"first_point_s": first, **json.loads(rest.splitlines()[-1])}


def export_all(name: str, folder: Path) -> dict[str, tuple[str, str | None]]:
    """Checkpoint and exports of a model: engine → folder and quantization."""
    import torch

    import molmo_act
    from model.benchmarks._random_checkpoints import checkpoint
    from molmo_act.export.writing import write_export

    places: dict[str, tuple[str, str | None]] = {}
    with checkpoint(name, torch.float32) as stored:
        model = molmo_act.load(stored, device="cpu")
        own = "nano" if stored is None else str(folder / "torch")
        if stored is not None:
            model.save_pretrained(own)
        for engine, kind in tqdm(ENGINES.items(), desc=f"exporting {name}"):
            if engine.startswith("torch"):
                places[engine] = own, kind
                continue
            places[engine] = str(folder / str(kind)), None
            write_export(model.model, model.processor, places[engine][0], name=name, precision=kind)
    return places


def measure(name: str, threads: int, starts: int, seconds: float) -> dict[str, dict[str, float]]:
    """All engines of one model, in turns: medians over the starts."""
    from PIL import Image

    from model.benchmarks.decode import scene

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        places = export_all(name, folder)
        image = folder / "image.png"
        Image.fromarray(scene(SIDES.get(name, IMAGE_SIZE))).save(image)
        found: dict[str, list[dict[str, float]]] = defaultdict(list)
        with tqdm(total=starts * len(places), desc=name, unit="process") as bar:
            for _ in range(starts):
                for engine, (place, quantization) in places.items():
                    bar.set_postfix_str(engine)
                    words = [place, quantization or "none", str(image), str(seconds)]
                    found[engine].append(run_case(words, threads))
                    bar.update()
    return {
        engine: {key: median(each[key] for each in cases) for key in cases[0]}
        for engine, cases in found.items()
    }


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """The results as Markdown; ratios to torch in float32 in brackets."""
    lines = [
        "| model | engine | first point, s | memory, MB | prefill, ms | per point, ms |",
        "|---" * 6 + "|",
    ]
    for name, engines in results.items():
        for engine, found in engines.items():
            cells = [f"{found[key]:.1f} ({found[key] / engines[REFERENCE][key]:.2f})" for key in COLUMNS]
            lines.append(f"| {name} | {engine} | {' | '.join(cells)} |")
    return "\n".join(lines)


@command
def main() -> None:
    """Command line."""
    parser: argparse.ArgumentParser = make_parser(__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--starts", type=int, default=3, help="processes of each case (default 3)")
    parser.add_argument("--seconds", type=float, default=10, help="of each process (default 10)")
    parser.add_argument("--models", nargs="+", default=["nano", "mid-size, 32768 words"], metavar="NAME")
    parser.add_argument("--case", nargs=4, metavar=("FOLDER", "QUANTIZATION", "IMAGE", "SECONDS"))
    args = parser.parse_args()
    if args.case:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])
        folder, quantization, image, seconds = args.case
        kind = None if quantization == "none" else quantization
        print(json.dumps(one_case(folder, kind, Path(image), float(seconds))))
        return
    results = {name: measure(name, args.threads, args.starts, args.seconds) for name in args.models}
    print(table(results))

    import torch

    from model._machine import machine_info

    print(json.dumps({**machine_info(torch.device("cpu")), "threads": args.threads, **results}))


if __name__ == "__main__":
    sys.exit(main())
