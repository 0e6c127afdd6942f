"""The benchmarks of videos, in the order in which they are listed."""

from __future__ import annotations

from model.evaluation.benchmark import Benchmark
from model.evaluation.benchmarks.referring_videos import REFERRING
from model.evaluation.benchmarks.video_count import VIDEO_COUNTS
from model.evaluation.benchmarks.video_point import VideoPoint
from model.evaluation.benchmarks.video_track import VideoTrack
from model.evaluation.benchmarks.vpos import VPoS

VIDEOS: tuple[Benchmark, ...] = (VideoPoint(), *VIDEO_COUNTS, VideoTrack(), *REFERRING, VPoS())
