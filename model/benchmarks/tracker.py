"""What the streaming tracker costs and is worth, on this machine: `python -m model.benchmarks.tracker`.

Four measurements, each of which can be asked for alone:

- ``update``: milliseconds of `update()` while nano grounds in its thread, frames coming at camera rate;
- ``latency``: how far published points are from moving objects, by how long the model takes, for points
  carried to the newest frame, for points held until the next answer, and for an answer to every frame from as
  many machines as that needs. The model is a perfect one, so that its mistakes do not blur the image;
- ``endless``: memory and time per frame over 10,000 frames;
- ``plain``: how far points are from the truth on boxes without texture, see `model.benchmarks.plain_boxes`.

Prints tables, and one JSON object last; `--plot FILE` draws the second.
"""

from __future__ import annotations

import itertools
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

import molmo_act
from model._cli import make_parser
from model._machine import machine_info
from model.benchmarks.plain_boxes import SIZES, measure_plain, print_plain
from model.data.clips.generate import Clip, ClipFrame, ClipSettings
from molmo_act._optional import import_optional
from molmo_act.cli.bench import spread

PARTS = ("update", "latency", "endless", "plain")
SEED = 6_000_001
LATENCIES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # seconds
CAMERA = ClipSettings(size=(640, 480), objects=10, seconds=20, leaving=False)
MOVING = ClipSettings(seconds=12)


# --- update() beside a real model ---------------------------------------------------------------------------


def measure_update(seconds: float, rate: float, device: torch.device) -> dict[str, Any]:
    """Times `update` at 30 frames a second of 640 × 480 with ten objects, while nano looks at keyframes."""
    model = molmo_act.load(device=device)
    clip = Clip(SEED, CAMERA)
    frames = list(itertools.islice(clip, round(seconds * CAMERA.fps)))
    taken: list[float] = []
    with model.tracker(rate=rate) as tracker:
        tracker.update(frames[0].image, -1.0)
        for x, y in frames[0].middle:
            tracker.add((float(np.clip(x, 0, 639)), float(np.clip(y, 0, 479))))
        tracker.add(next(iter(clip.queries)))
        began = time.perf_counter()
        for frame in tqdm(frames, "update", unit="frame"):
            time.sleep(max(0.0, began + frame.timestamp - time.perf_counter()))
            start = time.perf_counter()
            tracker.update(frame.image, frame.timestamp)
            taken.append(1000 * (time.perf_counter() - start))
        stats = tracker.stats
    return {
        "frames": len(taken),
        "p50_ms": round(float(np.percentile(taken, 50)), 2),
        "p95_ms": round(float(np.percentile(taken, 95)), 2),
        "max_ms": round(max(taken), 2),
        "groundings": stats.groundings,
        "grounding_errors": stats.grounding_errors,
        "last_grounding_latency_s": round(stats.latency, 3),
    }


# --- error by latency ---------------------------------------------------------------------------------------


class PerfectModel:
    """Points at the middle of everything that is visible enough, as the truth of the frame says."""

    def __init__(self, clip: Clip) -> None:
        self._asked = clip.queries
        self._truth: dict[bytes, ClipFrame] = {}

    def knows(self, frame: ClipFrame) -> None:
        """Takes note of the truth about a frame's pixels."""
        self._truth[frame.image[::16, ::16].tobytes()] = frame

    def __call__(self, image: np.ndarray, queries: list[str]) -> list[molmo_act.Points]:
        frame = self._truth[image[::16, ::16].tobytes()]
        size = [(image.shape[1], image.shape[0])]
        return [
            molmo_act.Points(xy=xy, score=np.ones(len(xy)), image_size=size, query=query)
            for query in queries
            for xy in [visible_middles(frame, self._asked[query])]
        ]


def visible_middles(frame: ClipFrame, numbers: tuple[int, ...]) -> np.ndarray:
    """(N, 2) middles of those of the things that are visible in more than half."""
    return np.array([frame.middle[n - 1] for n in numbers if frame.share[n - 1] > 0.5]).reshape(-1, 2)


def measure_latency(clips: int) -> dict[str, dict[str, list[float]]]:
    """Median and 90th percentile of the error in pixels on visible things, and what share has a point."""
    ways = {"carried": carried_points, "held": held_points, "every frame": late_points}
    found: dict[str, dict[str, list[float]]] = {way: {"median": [], "p90": [], "shown": []} for way in ways}
    recorded = [list(Clip(SEED + 1 + number, MOVING)) for number in range(clips)]
    for latency in tqdm(LATENCIES, "latency"):
        for way, points_of in ways.items():
            errors: list[float] = []
            wanted = 0
            for number, frames in enumerate(recorded):
                clip = Clip(SEED + 1 + number, MOVING)
                for frame, points in zip(frames, points_of(clip, frames, latency), strict=True):
                    if frame.timestamp > 2 * max(LATENCIES):  # every way has had its first answer
                        visible = [n for n in range(1, len(clip.movers) + 1) if frame.share[n - 1] > 0.5]
                        wanted += len(visible)
                        errors += [
                            float(np.linalg.norm(points[n] - frame.middle[n - 1]))
                            for n in visible
                            if n in points
                        ]
            found[way]["median"].append(round(float(np.median(errors)), 2))
            found[way]["p90"].append(round(float(np.percentile(errors, 90)), 2))
            found[way]["shown"].append(round(len(errors) / wanted, 3))
    return found


Places = dict[int, np.ndarray]  # thing → (x, y)


def carried_points(clip: Clip, frames: list[ClipFrame], latency: float) -> Iterator[Places]:
    """The streaming tracker, with answers that come so late."""
    model = PerfectModel(clip)
    settings = molmo_act.TrackerConfig(rate=10, synchronous=True, latency=latency)
    tracker = molmo_act.StreamingTracker(model, list(clip.queries), settings)
    for frame in frames:
        model.knows(frame)
        tracks = tracker.update(frame.image, frame.timestamp)
        yield {
            clip.queries[one.query][0]: np.array([one.x, one.y])
            for one in tracks
            if one.visible and one.query is not None
        }


def held_points(clip: Clip, frames: list[ClipFrame], latency: float) -> Iterator[Places]:
    """The newest answer as it is, until the next one comes; a free model starts on the newest frame."""
    shown: Places = {}
    begun: ClipFrame | None = None
    for frame in frames:
        if begun is not None and frame.timestamp - begun.timestamp >= latency - 1e-9:
            shown = _answer(begun)
            begun = None
        begun = begun or frame
        yield shown


def late_points(clip: Clip, frames: list[ClipFrame], latency: float) -> Iterator[Places]:
    """An answer to every frame, each late."""
    late = round(latency * MOVING.fps)
    for index in range(len(frames)):
        yield _answer(frames[index - late]) if index >= late else {}


def _answer(frame: ClipFrame) -> Places:
    return {n + 1: middle for n, middle in enumerate(frame.middle) if frame.share[n] > 0.5}


# --- endless ------------------------------------------------------------------------------------------------


def measure_endless(frames: int) -> dict[str, Any]:
    """Peak memory and milliseconds a frame near the beginning and at the end of a stream without end."""
    clip = Clip(SEED, ClipSettings(seconds=10))
    recorded = list(clip)
    there_and_back = itertools.cycle(
        [*recorded, *reversed(recorded)]
    )  # no jump from the end to the beginning
    model = PerfectModel(clip)
    for frame in recorded:
        model.knows(frame)
    taken: list[float] = []
    peaks: list[float] = []
    # In step, since frames come far faster here than a camera gives them.
    settings = molmo_act.TrackerConfig(synchronous=True, latency=0.2)
    with molmo_act.StreamingTracker(model, list(clip.queries), settings) as tracker:
        for index in tqdm(range(frames), "endless", unit="frame"):
            frame = next(there_and_back)
            began = time.perf_counter()
            tracker.update(frame.image, index / clip.settings.fps)
            taken.append(1000 * (time.perf_counter() - began))
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        stats = tracker.stats
    tenth = frames // 10
    return {
        "frames": frames,
        "peak_mb_after_a_tenth": round(peaks[tenth], 1),
        "peak_mb_at_the_end": round(peaks[-1], 1),
        "ms_first_tenth": spread(taken[:tenth]),
        "ms_last_tenth": spread(taken[-tenth:]),
        "groundings": stats.groundings,
    }


# --- command line -------------------------------------------------------------------------------------------


def new_figure(purpose: str) -> Any:
    """An empty figure of matplotlib.

    Args:
        purpose: What is to be drawn, a short noun phrase.

    Raises:
        MissingExtraError: It is not installed.
    """
    drawing = import_optional("matplotlib.figure", extra="plots", purpose=purpose)
    return drawing.Figure(figsize=(6, 4), layout="constrained")


def plot(figure: Any, found: dict[str, dict[str, list[float]]], path: Path) -> None:
    """Draws error against latency, both on logarithmic scales."""
    axes = figure.subplots()
    labels = {
        "carried": "carried to the newest frame (this library)",
        "held": "held until the next answer",
        "every frame": "an answer to every frame",
    }
    milliseconds = [1000 * latency for latency in LATENCIES]
    for way, marker in zip(labels, "os^", strict=True):
        axes.plot(milliseconds, found[way]["median"], marker=marker, label=labels[way])
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="the model takes (ms)",
        ylabel="median error on moving objects (px)",
    )
    axes.set_xticks(milliseconds, [f"{value:.0f}" for value in milliseconds], minor=False)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=None)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of the model")
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"), help="of the model")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the stream for update")
    parser.add_argument("--rate", type=float, default=1.0, help="groundings a second for update")
    parser.add_argument("--clips", type=int, default=6, help="clips for latency")
    parser.add_argument("--frames", type=int, default=10_000, help="frames for endless")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="widths of boxes for plain")
    parser.add_argument("--plot", type=Path, default=None, metavar="FILE", help="SVG or PNG of latency")
    args = parser.parse_args()
    # What is missing is said before the work.
    figure = None if args.plot is None else new_figure("drawing error against latency")
    torch.set_num_threads(args.threads)
    wanted = args.only or PARTS
    results: dict[str, Any] = machine_info(args.device)
    if "update" in wanted:
        results["update"] = found = measure_update(args.seconds, args.rate, args.device)
        print(f"update: p50 {found['p50_ms']} ms, p95 {found['p95_ms']} ms, {found['groundings']} groundings")
    if "latency" in wanted:
        results["latency"] = by_way = measure_latency(args.clips)
        print(f"| the model takes, ms | {' | '.join(by_way)} |\n|{'---|' * (len(by_way) + 1)}")
        for index, latency in enumerate(LATENCIES):
            cells = [f"{way['median'][index]} ({way['shown'][index]:.2f})" for way in by_way.values()]
            print(f"| {1000 * latency:.0f} | {' | '.join(cells)} |")
        if figure is not None:
            plot(figure, by_way, args.plot)
    if "endless" in wanted:
        results["endless"] = found = measure_endless(args.frames)
        early, late = found["peak_mb_after_a_tenth"], found["peak_mb_at_the_end"]
        print(f"endless: {early} MB after a tenth of the frames, {late} MB at the end")
    if "plain" in wanted:
        results["plain"] = found = measure_plain(args.sizes)
        print_plain(found)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
