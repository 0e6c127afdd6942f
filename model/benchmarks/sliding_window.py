"""Windows of frames, read anew or slid along a cache: `python -m model.benchmarks.sliding_window`.

Two measurements, each of which can be asked for alone:

- ``drift``: both window modes on the same keyframes of the same clips, beside single images: how far their
  points lie apart, how often their first choice of a patch is the same, F1 against the truth; milliseconds
  that the language model takes to read a keyframe, and most bytes of tensors it makes meanwhile;
- ``endless``: memory and milliseconds over 10,000 keyframes behind one another, window mode "sliding".

Prints tables, and one JSON object last.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

import molmo_act
from model._cli import add_model, make_parser
from model._machine import machine_info, used_mb
from model.benchmarks._tensor_memory import TensorBytes
from model.data.clips.generate import Clip, ClipFrame, ClipSettings
from model.evaluation.tracking import KINDS, SEED, score_answers
from molmo_act._optional import lazy_import
from molmo_act.cli.bench import spread
from molmo_act.generation.prefill import Prefix
from molmo_act.models.molmo_point.core import ImageFeatures
from molmo_act.pointing.streams import FrameFeatures, WindowReader
from molmo_act.request import WINDOW_MODES

optimize = lazy_import("scipy.optimize", extra="train", purpose="evaluation")

FPS = 5.0  # keyframes a second


@dataclass
class Compared:
    """What both window modes gave on the keyframes.

    Attributes:
        f1: Of each way, over questions.
        apart: Pixels between points that belong together.
        scores: Difference of the scores of such points.
        alone: How many points of one mode have none in the other.
        same_patch: Whether the likeliest first patch is the same, over questions.
        ms: Of the language model, over keyframes whose window is full.
        mb: Most megabytes of tensors made meanwhile, over the last keyframes of clips.
    """

    f1: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in ("single", *WINDOW_MODES)})
    apart: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    alone: int = 0
    same_patch: list[bool] = field(default_factory=list)
    ms: dict[str, list[float]] = field(default_factory=lambda: {mode: [] for mode in WINDOW_MODES})
    mb: dict[str, list[float]] = field(default_factory=lambda: {mode: [] for mode in WINDOW_MODES})

    def summary(self) -> dict[str, Any]:
        """Means, medians and shares."""
        medians = {
            name: {r: float(np.median(getattr(self, name)[r])) for r in WINDOW_MODES} for name in ("ms", "mb")
        }
        return {
            "keyframes": len(self.ms["full"]),
            "f1": {way: round(float(np.mean(values)), 4) for way, values in self.f1.items()},
            "px_apart": {
                "median": round(float(np.median(self.apart)), 2),
                "p90": round(float(np.percentile(self.apart, 90)), 2),
            },
            "score_apart": round(float(np.mean(self.scores)), 4),
            "points_alone": round(self.alone / (self.alone + 2 * len(self.apart)), 4),
            "same_first_patch": round(float(np.mean(self.same_patch)), 4),
            "ms": {mode: round(value, 1) for mode, value in medians["ms"].items()},
            "ms_full_by_sliding": round(medians["ms"]["full"] / medians["ms"]["sliding"], 2),
            "mb": {mode: round(value, 2) for mode, value in medians["mb"].items()},
            "mb_full_by_sliding": round(medians["mb"]["full"] / medians["mb"]["sliding"], 2),
        }


def measure_drift(
    model: molmo_act.PointingModel, windows: Sequence[int], clips: list[Clip]
) -> dict[int, dict[str, Any]]:
    """Both modes on windows of so many frames, keyframe by keyframe in turns."""
    found = {window: Compared() for window in windows}
    for clip in tqdm(clips, "drift", unit="clip"):
        readers = {
            window: {way: MeasuredWindow(model.runtime, window, way) for way in WINDOW_MODES}
            for window in windows
        }
        for index, frame in enumerate(clip):
            queries = list(clip.queries)
            single = model.point(frame.image, queries)
            for window, by_way in readers.items():
                answers = {"single": single}
                for way, reader in by_way.items():
                    reader.weighs = index == len(clip) - 1
                    encoded = reader.read(frame.image, frame.timestamp)
                    if reader.weighs:
                        found[window].mb[way].append(reader.mb)
                    elif index >= window:  # it is full
                        found[window].ms[way].append(encoded.prefill_ms)
                    answers[way] = model.point(encoded, queries)
                _compare(found[window], frame, clip, answers)
    return {window: one.summary() for window, one in found.items()}


class MeasuredWindow(WindowReader):
    """A window that can weigh what the language model makes of a keyframe; that takes longer.

    Attributes:
        weighs: Whether it is to.
        mb: Most megabytes of tensors that were made.
    """

    weighs, mb = False, 0.0

    def prefill(self, frame: FrameFeatures, views: ImageFeatures) -> Prefix:
        if not self.weighs:
            return super().prefill(frame, views)
        with TensorBytes() as made:
            prefix = super().prefill(frame, views)
        self.mb = made.most / 2**20
        return prefix


def _compare(
    found: Compared, frame: ClipFrame, clip: Clip, answers: dict[str, list[molmo_act.Points]]
) -> None:
    for way, points in answers.items():
        found.f1[way] += [scored.f1 for scored in score_answers(frame, clip.queries, points)]
    for full, sliding in zip(answers["full"], answers["sliding"], strict=True):
        away = np.linalg.norm(full.xy[:, None] - sliding.xy[None], axis=-1)
        pairs = optimize.linear_sum_assignment(away)
        found.apart += away[pairs].tolist()
        found.scores += np.abs(full.score[pairs[0]] - sliding.score[pairs[1]]).tolist()
        found.alone += len(full) + len(sliding) - 2 * len(pairs[0])
        if full.heatmaps and sliding.heatmaps:
            found.same_patch.append(int(full.heatmaps[0].argmax()) == int(sliding.heatmaps[0].argmax()))


def measure_endless(model: molmo_act.PointingModel, window: int, keyframes: int) -> dict[str, Any]:
    """Memory and time of the language model over keyframes read one behind the other without end."""
    reader = WindowReader(model.runtime, window, "sliding")
    looked = [reader.extract_features(frame.image) for frame in Clip(SEED, ClipSettings(seconds=4, fps=FPS))]
    there_and_back = itertools.cycle([*looked, *reversed(looked)])
    taken, used, places = [], [], set()
    for index in tqdm(range(keyframes), "endless", unit="keyframe"):
        cut, views = next(there_and_back)
        frame = FrameFeatures(index / FPS, cut.grid.tolist(), views.features_ND)
        began = time.perf_counter()
        places.add(reader.prefill(frame, views).length)
        taken.append(1000 * (time.perf_counter() - began))
        used.append(used_mb(model.model.device))
    tenth = keyframes // 10
    return {
        "keyframes": keyframes,
        "longest_prompt": max(places),
        "mb_after_a_tenth": round(used[tenth], 1),
        "mb_at_the_end": round(used[-1], 1),
        "ms_first_tenth": spread(taken[:tenth]),
        "ms_last_tenth": spread(taken[-tenth:]),
    }


def keyframes_of(clips: int, seconds: float) -> Iterator[Clip]:
    """The clips that tracking is evaluated on, at the rate of keyframes."""
    for settings in KINDS.values():
        for number in range(clips):
            yield Clip(SEED + number, replace(settings, seconds=seconds, fps=FPS))


def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--only", nargs="*", choices=("drift", "endless"), default=("drift", "endless"))
    add_model(parser)
    parser.add_argument("--windows", nargs="+", type=int, default=(4, 8, 16), help="frames of a window")
    parser.add_argument("--clips", type=int, default=1, help="clips of each kind")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a clip")
    parser.add_argument("--keyframes", type=int, default=10_000, help="for endless")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model = molmo_act.load(args.model, device=args.device)
    results: dict[str, Any] = {**machine_info(args.device), "model": model.name}
    if "drift" in args.only:
        clips = list(keyframes_of(args.clips, args.seconds))
        results["drift"] = measure_drift(model, args.windows, clips)
        print_drift(results["drift"])
    if "endless" in args.only:
        results["endless"] = measure_endless(model, args.windows[0], args.keyframes)
    print(json.dumps(results))


def print_drift(found: dict[int, dict[str, Any]]) -> None:
    """A line for each window."""
    titles = ["window", "F1 single", "full", "sliding", "same first patch", "px apart, median", "p90"]
    titles += ["scores apart", "points alone", "ms full", "sliding", "MB full", "sliding"]
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for window, one in found.items():
        cells = [*one["f1"].values(), one["same_first_patch"], *one["px_apart"].values()]
        cells += [one["score_apart"], one["points_alone"], *one["ms"].values(), *one["mb"].values()]
        print(f"| {window} | {' | '.join(map(str, cells))} |")


if __name__ == "__main__":
    main()
