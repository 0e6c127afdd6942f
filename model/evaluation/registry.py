"""The benchmarks by name."""

from __future__ import annotations

from collections.abc import Sequence

from model.evaluation.benchmark import Benchmark
from model.evaluation.benchmarks.android_control import ANDROID_CONTROL
from model.evaluation.benchmarks.captions import CAPTIONS
from model.evaluation.benchmarks.counting import COUNTING
from model.evaluation.benchmarks.image_questions import IMAGE_QUESTIONS
from model.evaluation.benchmarks.mathvista import MATHVISTA
from model.evaluation.benchmarks.mmmu import MMMU
from model.evaluation.benchmarks.osworld_g import OSWORLD_G
from model.evaluation.benchmarks.pixmo_points import PIXMO_POINTS
from model.evaluation.benchmarks.pointbench import POINTBENCH
from model.evaluation.benchmarks.screenspot import SCREENSPOT
from model.evaluation.benchmarks.videos import VIDEOS
from model.evaluation.benchmarks.where2place import WHERE2PLACE
from molmo_act.errors import InputError

_ALL: tuple[Benchmark, ...] = (
    *(POINTBENCH, PIXMO_POINTS, *SCREENSPOT, OSWORLD_G, *COUNTING, WHERE2PLACE),
    *(*IMAGE_QUESTIONS, MMMU, MATHVISTA, ANDROID_CONTROL, CAPTIONS),
    *VIDEOS,
)
BENCHMARKS: dict[str, Benchmark] = {one.name: one for one in _ALL}
"""What the command line calls it → the benchmark."""


def benchmarks_named(names: Sequence[str]) -> list[Benchmark]:
    """Finds benchmarks.

    Args:
        names: Their names; "all" for every one.

    Returns:
        The benchmarks, each once, in the order given.

    Raises:
        InputError: A name is unknown.
    """
    wanted = list(dict.fromkeys(names))
    if "all" in wanted:
        wanted = list(BENCHMARKS)
    unknown = [name for name in wanted if name not in BENCHMARKS]
    if unknown:
        raise InputError(
            f"{', '.join(map(repr, unknown))} was given; expected benchmarks out of {', '.join(BENCHMARKS)}, "
            "or all."
        )
    return [BENCHMARKS[name] for name in wanted]
