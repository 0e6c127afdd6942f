"""Takes pictures with the camera process and waits for what the node says of them."""

from __future__ import annotations

import numpy as np

from ros_nodes.convert import cloud_to_rows

RED, GREEN = [400, 120], [50, 300]
SPOTS = {"red": RED, "green": GREEN}


def stamp(message) -> list[int]:
    return [message.header.stamp.sec, message.header.stamp.nanosec]


def pixels(cloud) -> list[list[float]]:
    rows = cloud_to_rows(cloud)
    return np.column_stack([rows["u"], rows["v"]]).tolist()


def take_pictures(listener, camera, until, stamps=None, **order) -> list[list[int]]:
    """Takes bursts of pictures until ``until()`` is true; returns their stamps.

    A matched reader may still miss the first pictures: discovery is done on each side by itself.
    """
    stamps = [] if stamps is None else stamps
    order = {"spots": SPOTS, "count": 1} | order
    camera.order(**order)

    def answered() -> bool:
        if (answer := camera.answer()) is None:
            return False
        stamps.extend(answer["stamps"])
        if not (done := until()):
            camera.order(**order)
        return bool(done)

    listener.wait(answered)
    return stamps


def points_about(listener, camera, **order) -> list:
    """Takes pictures until one was answered; the clouds received, newest last."""
    clouds = listener.received["points"]
    clouds.clear()
    stamps: list[list[int]] = []
    # One about an earlier picture may still be on its way, and a picture of these may get lost.
    take_pictures(listener, camera, lambda: clouds and stamp(clouds[-1]) in stamps, stamps=stamps, **order)
    return clouds
