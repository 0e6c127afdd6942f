"""The real track node and the real tracker around the model of blob_node.py.

Environment: with BLOB_NO_TRACKER the model can give no tracker.
"""

from __future__ import annotations

import argparse
import os
import sys

from blob_node import BlobModel, tell
from molmo_act_ros.runner import run

from molmo_act.errors import MissingExtraError


class TrackedBlobModel(BlobModel):
    def tracker(
        self, queries: list[str], *, min_score: float, max_points: int | None, masks=None, **settings
    ):
        known = ("max_crops", "window", "window_mode")
        tell("BLOB_OPTIONS", **{name: settings.pop(name) for name in known})
        if "BLOB_NO_TRACKER" in os.environ:
            raise MissingExtraError("scipy", "ros", "tracking")
        from molmo_act.segmentation.opening import open_stream
        from molmo_act.tracking.config import TrackerConfig
        from molmo_act.tracking.tracker import StreamingTracker

        segmenter = None if masks is None else open_stream(masks)
        return StreamingTracker(self.point, queries, TrackerConfig(**settings), masks=segmenter)


def make_node(options: argparse.Namespace):
    from molmo_act_ros.track_node import TrackNode

    return TrackNode(TrackedBlobModel)


if __name__ == "__main__":
    sys.exit(run(argparse.ArgumentParser(prog="blob_track_node"), make_node))
