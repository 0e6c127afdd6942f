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


def take_pictures(listener, camera, until, **order) -> list[list[int]]:
    """Takes bursts of pictures until ``until()`` is true; returns their stamps.

    A matched reader may still miss the first pictures: discovery is done on each side by itself.
    """
    stamps: list[list[int]] = []
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
    stamps = take_pictures(listener, camera, lambda: clouds, **order)
    listener.wait(lambda: stamp(clouds[-1]) in stamps)
    return clouds
