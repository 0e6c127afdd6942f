"""Measures how well a checkpoint tracks on clips it never saw: `python -m model.evaluation.tracking`.

Every frame of a clip goes to the streaming tracker, whose model answers with a delay. The same clip is also
tracked offline, where the tracker waits for each answer as `PointingModel.track` does, and the model alone
answers single frames. Prints a table, then one JSON object.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
from tqdm import tqdm

import molmo_act
from model._cli import add_model, command, make_parser
from model.data.clips.generate import AnnotatedClip, Clip, ClipFrame, ClipSettings
from model.data.rendered3d.dataset import RenderedClip, find_scenes
from model.evaluation.metrics.tracking import Scored, Sequences, score_frame

SEED = 5_000_001
SINGLE_FPS = 2.0  # frames a second of which the model alone is asked

KINDS = {
    "open view": ClipSettings(pillars=False, leaving=False, camera=False, light=False),
    "camera and light": ClipSettings(pillars=False, leaving=False),
    "all but twins": ClipSettings(),
    "with twins": ClipSettings(twins=True),
}


def follow(tracker: molmo_act.StreamingTracker, clip: AnnotatedClip) -> dict[str, list[Scored]]:
    """Scores the tracker's answers on every frame, by query."""
    found: dict[str, list[Scored]] = {query: [] for query in clip.queries}
    for frame in clip:
        tracks = tracker.update(frame.image, frame.timestamp)
        for query, asked in clip.queries.items():
            mine = [one for one in tracks if one.query == query and one.visible]
            xy = np.array([(one.x, one.y) for one in mine])
            ids = [one.object_id for one in mine]
            found[query].append(score_frame(frame.timestamp, frame.owner, frame.share, asked, xy, ids))
    return found


def score_answers(
    frame: ClipFrame, queries: Mapping[str, Sequence[int]], answers: Iterable[molmo_act.Points]
) -> list[Scored]:
    """Scores a model's answers to the queries of a clip on one of its frames, in order."""
    return [
        score_frame(frame.timestamp, frame.owner, frame.share, asked, points.xy, list(points.object_id))
        for points, asked in zip(answers, queries.values(), strict=True)
    ]


def point_alone(model: molmo_act.PointingModel, clip: AnnotatedClip) -> list[Scored]:
    """Scores the model's answers on single frames, for all queries."""
    found: list[Scored] = []
    for index, frame in enumerate(clip):
        if index % round(clip.fps / SINGLE_FPS):
            continue
        found += score_answers(frame, clip.queries, model.point(frame.image, list(clip.queries)))
    return found


def evaluate(
    model: molmo_act.PointingModel, clips: Iterable[AnnotatedClip], latency: float, rate: float, name: str
) -> dict[str, float]:
    """Returns tracking metrics over clips, and the mean F1 offline and of the model alone.

    Args:
        model: The model that grounds keyframes.
        clips: The clips to track.
        latency: Delay of an answer, in seconds of the stream.
        rate: Groundings a second.
        name: For the progress bar.
    """
    sequences, groundings, seconds = Sequences(), 0, 0.0
    offline: list[Scored] = []
    alone: list[Scored] = []
    for clip in tqdm(clips, desc=name, unit="clip"):
        in_step = partial(model.tracker, list(clip.queries), synchronous=True, rate=rate)
        with in_step(latency=latency) as tracker:
            sequences.all += follow(tracker, clip).values()
            groundings += tracker.stats.groundings
        with in_step() as tracker:
            offline += chain.from_iterable(follow(tracker, clip).values())
        alone += point_alone(model, clip)
        seconds += clip.seconds
    return {
        **sequences.summary(),
        "f1_offline": _mean_f1(offline),
        "f1_single_frames": _mean_f1(alone),
        "groundings_per_s": round(groundings / seconds, 2),
    }


def _mean_f1(scored: Sequence[Scored]) -> float:
    return round(float(np.mean([one.f1 for one in scored])), 4)


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    add_model(parser)
    parser.add_argument("--clips", type=int, default=10, help="clips of each kind")
    parser.add_argument("--seed", type=int, default=SEED, help="of the first clip of each kind")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a clip")
    parser.add_argument("--latency", type=float, default=0.1, help="seconds until an answer is known")
    parser.add_argument("--rate", type=float, default=5.0, help="groundings a second")
    parser.add_argument(
        "--only",
        nargs="*",
        default=None,
        choices=KINDS,
        help="kinds of drawn clips; all unless clips are named",
    )
    parser.add_argument(
        "--rendered",
        type=Path,
        nargs="*",
        default=(),
        help="folders of clips of `model.data.rendered3d.render`",
    )
    args = parser.parse_args()
    kinds = args.only if args.only is not None else () if args.rendered else tuple(KINDS)
    rendered = {str(folder): find_scenes(folder, moving=True)[: args.clips] for folder in args.rendered}
    model = molmo_act.load(args.model)
    results = {}
    for name, folders in rendered.items():
        films = [RenderedClip(folder) for folder in folders]
        results[name] = evaluate(model, films, args.latency, args.rate, name)
    for name in kinds:
        settings = replace(KINDS[name], seconds=args.seconds)
        clips = [Clip(args.seed + number, settings) for number in range(args.clips)]
        results[name] = evaluate(model, clips, args.latency, args.rate, name)
    columns = (
        "f1",
        "f1_offline",
        "f1_single_frames",
        "hota",
        "hota_per_video",
        "switches_per_10_object_minutes",
        "back_in_1_s",
    )
    print(f"| clips | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for name, found in results.items():
        print(f"| {name} | {' | '.join(str(found[column]) for column in columns)} |")
    about = {
        "model": model.name,
        "seed": args.seed,
        "machine": platform.processor() or platform.machine(),
        "latency": args.latency,
    }
    print(json.dumps({**about, "rate": args.rate, **results}))


if __name__ == "__main__":
    sys.exit(main())
