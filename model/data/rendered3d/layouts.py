"""Plans scenes from a seed: images of objects that stand about, clips of objects that move."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from model.data.clips.generate import ClipEvents, Wave
from model.data.rendered3d.camera import Camera
from model.data.rendered3d.meshes import KINDS, NOUNS, bar, make_object
from model.data.rendered3d.scene_spec import (
    Body,
    Prop,
    SceneFrame,
    SceneSpec,
    random_light,
    random_room,
    random_surface,
    upright,
)
from model.data.scenes.nouns import clash
from model.data.scenes.shapes import COLOURS, draw_colour, shade

SPLITS = ("train", "eval")
LEAST_SEEN = 0.5
"""Of an object in a still, that nothing may hide."""
SMALLEST = 0.004
"""Of a still's pixels, that an object covers."""
_STREAM = 83  # keeps this randomness apart from that of other generators
_COUNTS = (2, 3, 4, 5, 6, 7, 8)
_TRIES = 60
_LANE = 0.22  # metres between paths of objects in a clip
_SLIM = 0.085  # metres from the axis of an object to its sides that a lane has room for


@dataclass(frozen=True, kw_only=True)
class ClipSpec(ClipEvents):
    """What a rendered clip is to be like."""

    seconds: float = 4.0
    fps: float = 10.0


def _rng(seed: int, split: str, number: int, what: int) -> np.random.Generator:
    return np.random.default_rng((_STREAM, SPLITS.index(split), what, seed, number))


def _name(rng: np.random.Generator, known: list[tuple[str, str]]) -> tuple[str, str] | None:
    """Returns a noun and a colour, often a noun that is there already; None when it could be mistaken."""
    nouns = list(dict.fromkeys(noun for noun, _ in known))
    again = nouns and rng.random() < 0.4
    noun = nouns[int(rng.integers(len(nouns)))] if again else NOUNS[int(rng.integers(len(NOUNS)))]
    if noun not in nouns and any(clash(noun, other) for other in nouns):
        return None
    choices = KINDS[noun].colours or COLOURS
    colour = draw_colour(rng)
    return noun, colour if colour in choices else choices[int(rng.integers(len(choices)))]


def _body(rng: np.random.Generator, noun: str, colour: str, size: float) -> Body:
    red, green, blue = (float(value) for value in shade(rng, colour).round(1))
    return Body(
        noun,
        colour,
        tuple(make_object(rng, noun, size)),
        (red, green, blue),
        float(rng.choice((0.15, 0.35, 0.6, 0.9))),
    )


def _yaw(rng: np.random.Generator, noun: str) -> float:
    """Objects with a front show it: the camera looks along +y."""
    return float(rng.uniform(-0.5, 0.5) if KINDS[noun].faces_camera else rng.uniform(0, 2 * np.pi))


def _image_camera(rng: np.random.Generator, size: tuple[int, int]) -> Camera:
    focal = 0.5 * max(size) / np.tan(rng.uniform(0.42, 0.56))
    lift, away = rng.uniform(0.38, 0.95), rng.uniform(0.75, 1.15)
    at = np.array([0.0, 0.0, 0.04])
    eye = at + away * np.array([0.0, -np.cos(lift), np.sin(lift)])
    return Camera.looking(at, eye, float(focal), size, float(rng.normal(0, 0.02)))


def plan_image(seed: int, number: int, size: tuple[int, int], split: str = "train") -> SceneSpec:
    """Plans an image of objects that stand on a table or floor.

    Args:
        seed: Seed of the stream.
        number: Number of the image in the stream.
        size: (width, height) in pixels.
        split: "train" or "eval".

    Returns:
        A scene of one frame.
    """
    rng = _rng(seed, split, number, 0)
    camera, room, light = _image_camera(rng, size), random_room(rng), random_light(rng)
    wanted = _COUNTS[int(rng.integers(len(_COUNTS)))]
    larger = float(rng.uniform(1.0, 1.7) * (5 / (wanted + 3)) ** 0.5)
    bodies: list[Body] = []
    poses: list[np.ndarray] = []
    for attempt in itertools.count():
        if len(bodies) == wanted or (bodies and attempt >= _TRIES):
            break
        named = _name(rng, [(body.noun, body.colour) for body in bodies])
        spot = camera.on_ground(rng.uniform(0.08, 0.92) * size[0], rng.uniform(0.2, 0.93) * size[1])
        if named is None or spot is None or abs(spot[0]) > 0.9 or abs(spot[1]) > 0.6:
            continue
        body = _body(rng, *named, larger * float(np.exp(rng.normal(0, 0.25))))
        pose = upright(float(spot[0]), float(spot[1]), _yaw(rng, body.noun))
        if _fits(SceneFrame(camera, np.array([*poses, pose])), [*bodies, body]):
            bodies.append(body)
            poses.append(pose)
    return SceneSpec(tuple(bodies), room, light, (SceneFrame(camera, np.array(poses)),))


def _fits(frame: SceneFrame, bodies: list[Body]) -> bool:
    """Tells whether the last body touches no other, lies in the image, and all are still seen well enough."""
    places = frame.poses[:, :2, 3]
    apart = np.linalg.norm(places[:-1] - places[-1], axis=1)
    if any(
        gap < body.radius + bodies[-1].radius + 0.01 for gap, body in zip(apart, bodies[:-1], strict=True)
    ):
        return False
    outlines = frame.silhouettes(bodies)
    if outlines[-1].area < SMALLEST * np.prod(frame.camera.size):
        return False
    _, depth = frame.camera.project(frame.poses[:, :3, 3])
    width, height = frame.camera.size
    owner = np.zeros((height, width), np.uint8)
    for index in np.argsort(-depth):
        owner[outlines[index].within((width, height))] = index + 1
    seen = np.bincount(owner.ravel(), minlength=len(bodies) + 1)[1:]
    return all(count >= LEAST_SEEN * each.area for count, each in zip(seen, outlines, strict=True))


def plan_clip(
    seed: int, number: int, size: tuple[int, int], split: str = "train", spec: ClipSpec | None = None
) -> SceneSpec:
    """Plans a clip: objects slide along lanes, nearer ones hide farther ones.

    Args:
        seed: Seed of the stream.
        number: Number of the clip in the stream.
        size: (width, height) in pixels.
        split: "train" or "eval".
        spec: What clips are to be like; the defaults of `ClipSpec` unless given.

    Returns:
        A scene of all frames.
    """
    spec = spec or ClipSpec()
    rng = _rng(seed, split, number, 1)
    count = int(rng.integers(3, 6))
    lanes = _LANE * (np.arange(count) - 0.45 * (count - 1))
    bodies = _movers(rng, count)
    view = _Swing(rng, size, spec)
    half = 0.5 * size[0] / view.focal  # of the view's width, for each metre of distance
    paths = []
    for y in lanes:
        reach = half * (view.away + y) * rng.uniform(0.45, 0.85)
        if spec.leaving and rng.random() < 0.4:
            reach *= 2.0
        paths.append(Wave.random(rng, np.array([0.0, y]), np.array([reach, 0.01]), 1.8 * spec.speed))
    yaws = [_yaw(rng, body.noun) for body in bodies]
    room = random_room(rng) + (_pillars(rng, lanes, half * view.away) if spec.pillars else ())
    light, phase = random_light(rng), rng.uniform(0, 2 * np.pi)
    frames = []
    for index in range(round(spec.seconds * spec.fps)):
        time = index / spec.fps
        poses = []
        for path, yaw in zip(paths, yaws, strict=True):
            x, y = path(time).tolist()
            poses.append(upright(x, y, yaw + 0.2 * float(np.sin(1.3 * time + yaw))))
        exposure = 0.3 * float(np.sin(1.5 * time + phase)) if spec.light else 0.0
        frames.append(SceneFrame(view.camera(time), np.array(poses), exposure))
    return SceneSpec(tuple(bodies), room, light, tuple(frames), spec.fps)


def _movers(rng: np.random.Generator, count: int) -> list[Body]:
    """Objects of different names that a lane has room for."""
    bodies: list[Body] = []
    while len(bodies) < count:
        named = _name(rng, [(body.noun, body.colour) for body in bodies])
        if named is None or named in [(body.noun, body.colour) for body in bodies]:
            continue
        body = _body(rng, *named, 1.3)
        size = 1.3 * min(1.0, _SLIM / body.radius)
        bodies.append(_body(rng, *named, size))
        if bodies[-1].radius > _SLIM * 1.05:  # another of its kind, drawn anew, came out wider
            bodies.pop()
    return bodies


class _Swing:
    """A camera before the lanes that pans, rises and shakes."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int], spec: ClipSpec) -> None:
        self.focal = float(0.5 * max(size) / np.tan(rng.uniform(0.42, 0.52)))
        self.away = float(rng.uniform(1.15, 1.4))
        self._lift, self._size = rng.uniform(0.32, 0.6), size
        reach = np.array([0.22, 0.05]) if spec.camera else np.zeros(2)
        self._path = Wave.random(rng, np.zeros(2), reach, 2 * spec.speed)
        self._shakes = rng.normal(0, 0.002 if spec.camera else 0, (4096, 2))
        self._fps = spec.fps

    def camera(self, time: float) -> Camera:
        swing, rise = self._path(time)
        lift = self._lift + rise
        at = np.array([0.25 * swing, 0.0, 0.04])
        eye = self.away * np.array(
            [np.sin(swing) * np.cos(lift), -np.cos(swing) * np.cos(lift), np.sin(lift)]
        )
        shake = self._shakes[round(time * self._fps) % len(self._shakes)]
        return Camera.looking(at + np.array([shake[0], 0, shake[1]]), eye + at, self.focal, self._size)


def _pillars(rng: np.random.Generator, lanes: np.ndarray, half: float) -> tuple[Prop, ...]:
    """One or two posts between lanes."""
    found = []
    for place in rng.choice((-0.5, 0.0, 0.5), int(rng.integers(1, 3)), replace=False):
        gap = (lanes[int(rng.integers(len(lanes) - 1))]) + _LANE / 2
        post = bar(float(rng.uniform(0.1, 0.2)), 0.02, float(rng.uniform(0.25, 0.5)))
        found.append(
            Prop(post.moved(float(place * half), float(gap)), random_surface(rng, ("wood", "stone", "cloth")))
        )
    return tuple(found)
