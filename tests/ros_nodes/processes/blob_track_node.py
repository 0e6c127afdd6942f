"""The real track node and the real tracker around the model of blob_node.py.

Environment: with BLOB_NO_TRACKER the model can give no tracker.
"""

from __future__ import annotations

import argparse
import os
import sys

from blob_node import BlobModel

from molmo_act.errors import MissingExtraError
from ros_nodes.program import run


class TrackedBlobModel(BlobModel):
    def tracker(self, queries: list[str], *, min_score: float, max_points: int | None, **settings):
        if "BLOB_NO_TRACKER" in os.environ:
            raise MissingExtraError("scipy", "ros", "tracking")
        from molmo_act.tracking.settings import TrackerSettings
        from molmo_act.tracking.streaming import StreamingTracker

        return StreamingTracker(self.point, queries, TrackerSettings(**settings))


def make_node(options: argparse.Namespace):
    from ros_nodes.tracking import TrackNode

    return TrackNode(TrackedBlobModel)


if __name__ == "__main__":
    sys.exit(run(argparse.ArgumentParser(prog="blob_track_node"), make_node))
