"""The real track node and the real tracker around the model of blob_node.py."""

from __future__ import annotations

import argparse
import sys

from blob_node import BlobModel

from ros_nodes.program import run


class TrackedBlobModel(BlobModel):
    def tracker(self, queries: list[str], *, min_score: float, max_points: int | None, **settings):
        from molmo_act.tracking.settings import TrackerSettings
        from molmo_act.tracking.streaming import StreamingTracker

        return StreamingTracker(self.point, queries, TrackerSettings(**settings))


def make_node(options: argparse.Namespace):
    from ros_nodes.tracking import TrackNode

    return TrackNode(TrackedBlobModel)


if __name__ == "__main__":
    sys.exit(run(argparse.ArgumentParser(prog="blob_track_node"), make_node))
