"""Takes images with the camera process and waits for what the node says of them."""

from __future__ import annotations

RED, GREEN = [400, 120], [50, 300]
SPOTS = {"red": RED, "green": GREEN}


def stamp(message) -> list[int]:
    return [message.header.stamp.sec, message.header.stamp.nanosec]


def pixels(message) -> list[list[float]]:
    return [[point.u, point.v] for point in message.points]


def take_images(listener, camera, until, stamps=None, **order) -> list[list[int]]:
    """Takes bursts of images until ``until()`` is true; returns their stamps.

    A matched reader may still miss the first images: discovery is done on each side by itself.
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
    """Takes images until one was answered; the answers received, newest last."""
    answers = listener.received["pointed_pixels"]
    answers.clear()
    stamps: list[list[int]] = []
    # One about an earlier image may still be on its way, and an image of these may get lost.
    take_images(listener, camera, lambda: answers and stamp(answers[-1]) in stamps, stamps=stamps, **order)
    return answers
