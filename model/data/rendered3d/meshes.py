"""Named solid objects as meshes in metres, standing on z = 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.data.scenes.shapes import outline

SEGMENTS = 36  # of what is round
GREEN, STEM, WOOD, STEEL, DARK = (70, 130, 50), (90, 60, 35), (176, 128, 80), (190, 192, 196), (28, 28, 30)
Rgb = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class MeshPart:
    """A piece of one colour.

    Attributes:
        vertices: float (V, 3), metres, z upwards.
        faces: Corner indices of each polygon, counter-clockwise seen from outside.
        rgb: Its own colour in [0, 255]; None for that of the object.
        metal: Whether it shines like metal.
    """

    vertices: np.ndarray
    faces: tuple[tuple[int, ...], ...]
    rgb: Rgb | None = None
    metal: bool = False

    def moved(self, x: float = 0, y: float = 0, z: float = 0) -> MeshPart:
        """Returns the same part elsewhere; the arguments are metres."""
        return MeshPart(self.vertices + np.array([x, y, z]), self.faces, self.rgb, self.metal)

    def painted(self, rgb: Rgb, *, metal: bool = False) -> MeshPart:
        """Returns the same part in a colour of its own."""
        return MeshPart(self.vertices, self.faces, rgb, metal)


def turned(profile: list[tuple[float, float]], segments: int = SEGMENTS) -> MeshPart:
    """Turns a profile around the z axis, as a lathe does.

    Args:
        profile: (radius, height) in metres, from bottom to top along the outside.
        segments: Corners of a full circle.

    Returns:
        The mesh; ends with a radius are closed.
    """
    angles = 2 * np.pi * (np.arange(segments) + 0.5) / segments
    circle = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    vertices = np.concatenate(
        [np.column_stack((r * circle, np.full(segments, float(z)))) for r, z in profile]
    )
    after = np.roll(np.arange(segments), -1)
    faces = [
        (ring + i, ring + int(after[i]), ring + segments + int(after[i]), ring + segments + i)
        for ring in range(0, (len(profile) - 1) * segments, segments)
        for i in range(segments)
    ]
    last = (len(profile) - 1) * segments
    ends = (tuple(range(segments))[::-1], tuple(range(last, last + segments)))
    open_ends = [end for end, (r, _) in zip(ends, (profile[0], profile[-1]), strict=True) if r > 1e-6]
    return MeshPart(vertices, (*faces, *open_ends))


def bar(width: float, depth: float, height: float) -> MeshPart:
    """Makes a box around the z axis, from z = 0; the arguments are metres."""
    return prism(np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width / 2, depth / 2), height)


def prism(corners: np.ndarray, height: float) -> MeshPart:
    """Raises a flat outline.

    Args:
        corners: float (N, 2), counter-clockwise, metres.
        height: Metres from z = 0.

    Returns:
        The closed mesh.
    """
    count = len(corners)
    low, high = (np.column_stack((corners, np.full(count, z))) for z in (0.0, height))
    sides = [(i, (i + 1) % count, count + (i + 1) % count, count + i) for i in range(count)]
    return MeshPart(
        np.concatenate((low, high)), (*sides, tuple(range(count))[::-1], tuple(range(count, 2 * count)))
    )


def swept(path: np.ndarray, radii: np.ndarray | float, segments: int = 16) -> MeshPart:
    """Makes a tube along a path.

    Args:
        path: float (N, 3) in a plane of constant y, metres.
        radii: Radius at each point of the path, or one for all, metres.
        segments: Corners of a full circle.

    Returns:
        The closed mesh.
    """
    ahead = np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    across = np.array([0.0, 1.0, 0.0])
    other = np.cross(ahead, across)
    angles = 2 * np.pi * np.arange(segments) / segments
    rings = np.broadcast_to(radii, len(path))[:, None, None] * (
        np.cos(angles)[None, :, None] * across + np.sin(angles)[None, :, None] * other[:, None]
    )
    vertices = (path[:, None] + rings).reshape(-1, 3)
    faces = [
        (r + i, r + (i + 1) % segments, r + segments + (i + 1) % segments, r + segments + i)
        for r in range(0, (len(path) - 1) * segments, segments)
        for i in range(segments)
    ]
    last = (len(path) - 1) * segments
    return MeshPart(vertices, (*faces, tuple(range(segments))[::-1], tuple(range(last, last + segments))))


def round_profile(
    radius: float, height: float, *, top: float = 1.0, steps: int = 14
) -> list[tuple[float, float]]:
    """Makes the profile of an egg.

    Args:
        radius: Largest radius.
        height: Height.
        top: Below 1 the upper half is drawn in.
        steps: Points of the profile.

    Returns:
        (radius, height) pairs for `turned`.
    """
    angles = np.linspace(-np.pi / 2, np.pi / 2, steps)
    pull = 1 - (1 - top) * np.clip(np.sin(angles), 0, None)
    return [
        (float(r), float(z))
        for r, z in zip(radius * np.cos(angles) * pull, height * (1 + np.sin(angles)) / 2, strict=True)
    ]


def _standing(shape: str) -> Callable[[np.random.Generator], list[MeshPart]]:
    """A block cut along the outline of a flat shape, standing upright."""

    def make(rng: np.random.Generator) -> list[MeshPart]:
        corners = outline(shape) * (1, -1)  # images have y downwards
        twice_area = np.sum(
            corners[:, 0] * np.roll(corners[:, 1], -1) - np.roll(corners[:, 0], -1) * corners[:, 1]
        )
        corners = corners if twice_area > 0 else corners[::-1]
        block = prism(corners, rng.uniform(0.35, 0.6))
        upright = block.vertices[:, [0, 2, 1]] * (1, -1, 1)
        upright += (0, -upright[:, 1].mean(), -upright[:, 2].min())
        return [MeshPart(upright, block.faces)]

    return make


def _ring(rng: np.random.Generator) -> list[MeshPart]:
    thick = rng.uniform(0.26, 0.36)
    angles = np.linspace(np.pi / 2, 5 * np.pi / 2, 17)
    return [turned([(1 - thick + thick * np.cos(a), thick + thick * np.sin(a)) for a in angles])]


def _mug(rng: np.random.Generator) -> list[MeshPart]:
    height, wall = rng.uniform(1.9, 2.5), 0.08
    foot = rng.uniform(0.8, 1.0)
    cup = turned([(0, 0), (foot, 0), (1, 0.3), (1, height), (1 - wall, height), (1 - wall, 0.35), (0, 0.3)])
    angles = np.linspace(-0.55 * np.pi, 0.55 * np.pi, 16)
    reach = 0.36 * height
    handle = np.column_stack(
        (0.85 + 0.75 * np.cos(angles), np.zeros(16), height * 0.52 + reach * np.sin(angles))
    )
    return [cup, swept(handle, 0.13)]


def _bottle(rng: np.random.Generator) -> list[MeshPart]:
    shoulder, neck, height = rng.uniform(2.2, 3.0), rng.uniform(0.28, 0.4), rng.uniform(4.2, 4.9)
    body = [(0, 0), (0.95, 0), (1, 0.1), (1, shoulder), (0.9, shoulder + 0.3), (neck, shoulder + 0.95)]
    cap = turned([(0, 0), (neck * 1.15, 0), (neck * 1.15, 0.4), (0, 0.4)]).moved(z=height)
    return [turned([*body, (neck, height)]), cap.painted(DARK if rng.random() < 0.5 else (235, 235, 230))]


def _bowl(rng: np.random.Generator) -> list[MeshPart]:
    deep = rng.uniform(0.7, 1.0)
    angles = np.linspace(0.12, np.pi / 2, 10)
    outside = [(float(np.sin(a)), float(deep * (1 - np.cos(a)))) for a in angles]
    inside = [(0.93 * r, 0.06 + 0.94 * z) for r, z in outside[::-1]]
    return [turned([(0, 0), (0.4, 0), *outside[2:], *inside[:-1], (0, 0.08)])]


def _plate(rng: np.random.Generator) -> list[MeshPart]:
    rim = rng.uniform(0.55, 0.7)
    return [turned([(0, 0), (rim, 0), (1, 0.16), (1, 0.2), (rim, 0.07), (0, 0.06)])]


def _vase(rng: np.random.Generator) -> list[MeshPart]:
    belly, neck = rng.uniform(0.9, 1.1), rng.uniform(0.35, 0.5)
    heights = np.linspace(0, 3, 16)
    radii = neck + (belly - neck) * np.exp(-((heights - 1.1) ** 2) / 0.7)
    radii[-3:] += (0.03, 0.1, 0.2)
    wall = [(float(r), float(z)) for r, z in zip(radii, heights, strict=True)]
    return [turned([(0, 0), *wall, (radii[-1] - 0.08, 3.0), (neck - 0.1, 2.4), (0, 2.0)])]


def _stem(length: float) -> MeshPart:
    return turned([(0, 0), (0.06, 0), (0.05, length), (0, length)]).painted(STEM)


def _apple(rng: np.random.Generator) -> list[MeshPart]:
    tall = rng.uniform(1.6, 1.9)
    radii = (0, 0.3, 0.7, 0.95, 1, 0.9, 0.6, 0.25, 0)
    heights = (0.12, 0.0, 0.2, 0.6, 1.0, 1.4, 1.72, 1.7, 1.5)
    body = turned([(r, z * tall / 1.72) for r, z in zip(radii, heights, strict=True)])
    return [body, _stem(0.5).moved(z=0.85 * tall)]


def _pear(rng: np.random.Generator) -> list[MeshPart]:
    wide = rng.uniform(0.9, 1.05)
    radii = (0, 0.4, 0.85, 1, 0.85, 0.55, 0.42, 0.25, 0)
    heights = (0.1, 0, 0.35, 0.85, 1.4, 1.95, 2.4, 2.7, 2.75)
    body = turned([(r * wide, z) for r, z in zip(radii, heights, strict=True)])
    return [body, _stem(0.45).moved(z=2.65)]


def _banana(rng: np.random.Generator) -> list[MeshPart]:
    angles = np.linspace(-0.8, 0.8, 18)
    radii = 0.3 * np.sqrt(np.clip(1 - (np.linspace(-1, 1, 18) ** 6), 0.04, 1))
    path = np.column_stack((1.7 * np.sin(angles), np.zeros(18), 0.3 + 1.7 * (1 - np.cos(angles))))
    return [swept(path, radii)]


def _carrot(rng: np.random.Generator) -> list[MeshPart]:
    long = rng.uniform(2.8, 3.6)
    root = swept(
        np.column_stack((np.linspace(-long / 2, long / 2, 12), np.zeros(12), np.full(12, 0.42))),
        0.42 * np.sqrt(np.linspace(0.01, 1, 12)),
    )
    leaves = [
        swept(
            np.column_stack((long / 2 + np.linspace(0, 1.1, 5), np.zeros(5), 0.42 + np.linspace(0, up, 5))),
            0.1,
        ).painted(GREEN)
        for up in (-0.2, 0.25, 0.7)
    ]
    return [root, *leaves]


def _mushroom(rng: np.random.Generator) -> list[MeshPart]:
    tall = rng.uniform(1.1, 1.5)
    stalk = turned([(0, 0), (0.42, 0), (0.34, 0.5), (0.36, tall), (0, tall)]).painted((238, 226, 205))
    cap = turned([(0, 0), (0.95, 0), (1, 0.12), (0.85, 0.5), (0.5, 0.8), (0, 0.92)]).moved(z=tall)
    return [stalk, cap]


def _candle(rng: np.random.Generator) -> list[MeshPart]:
    tall = rng.uniform(3.2, 5.0)
    wick = turned([(0, 0), (0.06, 0), (0.05, 0.5), (0, 0.5)], 8).moved(z=tall - 0.1).painted(DARK)
    return [turned([(0, 0), (0.75, 0), (0.75, tall), (0.6, tall - 0.1), (0, tall - 0.12)]), wick]


def _pencil(rng: np.random.Generator) -> list[MeshPart]:
    def along(radii: list[float], places: list[float]) -> MeshPart:
        path = np.column_stack((places, np.zeros(len(places)), np.full(len(places), 0.3)))
        return swept(path, np.array(radii), 6)

    return [
        along([0.3, 0.3, 0.3], [-3.0, 0, 3.0]),
        along([0.3, 0.2, 0.11], [3.0, 3.3, 3.6]).painted((226, 190, 140)),
        along([0.11, 0.06, 0.01], [3.6, 3.75, 3.9]).painted(DARK),
        along([0.31, 0.31, 0.31], [-3.5, -3.25, -3.0]).painted((220, 120, 130)),
    ]


def _book(rng: np.random.Generator) -> list[MeshPart]:
    wide, deep, thick = rng.uniform(2.0, 2.6), rng.uniform(2.8, 3.4), rng.uniform(0.4, 0.8)
    pages = (
        bar(wide * 0.94, deep * 0.95, thick * 0.8)
        .moved(x=0.03 * wide, z=0.1 * thick)
        .painted((240, 236, 222))
    )
    spine = bar(0.06 * wide, deep, thick).moved(x=-0.47 * wide)
    return [bar(wide, deep, 0.1 * thick), pages, bar(wide, deep, 0.1 * thick).moved(z=0.9 * thick), spine]


def _hammer(rng: np.random.Generator) -> list[MeshPart]:
    path = np.column_stack((np.linspace(-2.6, 1.6, 6), np.zeros(6), np.full(6, 0.4)))
    head = prism(np.array([[1.3, -1.1], [2.1, -1.1], [2.1, 0.6], [1.8, 1.3], [1.6, 1.3], [1.3, 0.6]]), 0.8)
    return [swept(path, np.array([0.24, 0.27, 0.24, 0.2, 0.2, 0.2])), head.painted(STEEL, metal=True)]


def _can(rng: np.random.Generator) -> list[MeshPart]:
    tall = rng.uniform(2.6, 3.4)
    body = turned([(0.86, 0.14), (1, 0.3), (1, tall - 0.3), (0.86, tall - 0.1)])
    lid = turned([(0, 0), (0.86, 0), (0.88, 0.1), (0.8, 0.06), (0, 0.05)])
    return [
        body,
        lid.moved(z=tall - 0.1).painted(STEEL, metal=True),
        lid.moved(z=0.05).painted(STEEL, metal=True),
    ]


def _bell(rng: np.random.Generator) -> list[MeshPart]:
    flare = rng.uniform(1.0, 1.15)
    body = [
        (0, 0.06),
        (flare - 0.1, 0.06),
        (flare, 0),
        (flare * 0.9, 0.25),
        (0.72, 0.75),
        (0.62, 1.25),
        (0.4, 1.6),
        (0, 1.7),
    ]
    return [turned(body), turned(round_profile(0.16, 0.35)).moved(z=1.66)]


def _hat(rng: np.random.Generator) -> list[MeshPart]:
    tall, brim = rng.uniform(1.0, 1.7), rng.uniform(1.6, 1.9)
    band = turned([(0.98, 0.14), (1.03, 0.14), (1.02, 0.42), (0.97, 0.42)]).painted((40, 40, 44))
    return [
        turned(
            [(0, 0), (brim, 0), (brim, 0.1), (1, 0.12), (0.94, tall), (0.8, tall + 0.12), (0, tall + 0.1)]
        ),
        band,
    ]


def _house(rng: np.random.Generator) -> list[MeshPart]:
    wide, deep, tall = rng.uniform(1.8, 2.4), rng.uniform(1.6, 2.2), rng.uniform(1.2, 1.7)
    gable = prism(np.array([[-0.58, 0], [0.58, 0], [0, 0.5]]) * wide, deep * 1.1)
    roof = gable.vertices[:, [0, 2, 1]] * (1, -1, 1) + (0, deep * 0.55, tall)
    door = bar(0.45, 0.06, 0.8).moved(y=-deep / 2).painted(STEM)
    panes = [
        bar(0.35, 0.06, 0.35).moved(x=x, y=-deep / 2, z=0.55 * tall).painted((190, 215, 235))
        for x in (-0.6, 0.6)
    ]
    return [bar(wide, deep, tall), MeshPart(roof, gable.faces, (84, 86, 92)), door, *panes]


def _chair(rng: np.random.Generator) -> list[MeshPart]:
    seat, back = rng.uniform(1.3, 1.7), rng.uniform(1.4, 1.9)
    legs = [bar(0.2, 0.2, seat).moved(x, y) for x in (-0.7, 0.7) for y in (-0.7, 0.7)]
    rest = [bar(1.6, 0.16, 0.5).moved(y=0.72, z=seat + back - 0.5)]
    posts = [bar(0.2, 0.16, back).moved(x, 0.72, seat) for x in (-0.7, 0.7)]
    return [*legs, bar(1.6, 1.6, 0.18).moved(z=seat - 0.05), *posts, *rest]


def _car(rng: np.random.Generator) -> list[MeshPart]:
    side = np.array(
        [[-2, 0], [2, 0], [2.05, 0.55], [1.2, 0.7], [0.7, 1.3], [-1.0, 1.3], [-1.5, 0.75], [-2.05, 0.65]]
    )
    flat = prism(side, 1.7)
    body = flat.vertices[:, [0, 2, 1]] * (1, -1, 1) + (0, 0.85, 0.35)
    glass = prism(np.array([[-1.3, 0.76], [1.02, 0.76], [0.62, 1.2], [-0.92, 1.2]]), 1.74)
    panes = MeshPart(glass.vertices[:, [0, 2, 1]] * (1, -1, 1) + (0, 0.87, 0.35), glass.faces, (60, 80, 100))
    tyre = turned([(0, 0), (0.42, 0), (0.45, 0.1), (0.42, 0.3), (0, 0.3)], 20)
    wheel = MeshPart(tyre.vertices[:, [0, 2, 1]] * (1, -1, 1), tyre.faces, DARK)
    wheels = [wheel.moved(x, y, 0.45) for x in (-1.15, 1.2) for y in (-0.62, 0.92)]
    return [MeshPart(body, flat.faces), panes, *wheels]


def _pine(rng: np.random.Generator) -> list[MeshPart]:
    trunk = turned([(0, 0), (0.2, 0), (0.16, 0.7), (0, 0.7)], 12).painted(STEM)
    tiers = [(1.0, 0.6, 1.2), (0.8, 1.25, 1.1), (0.58, 1.9, 1.1)]
    return [trunk, *(turned([(0, z), (r, z), (0, z + h)], 24) for r, z, h in tiers)]


@dataclass(frozen=True)
class MeshKind:
    """A sort of object.

    Attributes:
        make: Draws one, of any size, standing on z = 0.
        size: Longest side in metres, as toys and table objects have.
        colours: What it may be painted; empty for any.
        is_shape: Whether it is a plain geometric body.
        faces_camera: Whether it is to be recognised from the front only.
    """

    make: Callable[[np.random.Generator], list[MeshPart]]
    size: float
    colours: tuple[str, ...] = ()
    is_shape: bool = False
    faces_camera: bool = False


def _body(
    *profile: tuple[float, float], segments: int = SEGMENTS
) -> Callable[[np.random.Generator], list[MeshPart]]:
    return lambda rng: [turned(list(profile), segments)]


KINDS = {
    "ball": MeshKind(_body(*round_profile(1, 2, steps=22)), 0.1, is_shape=True),
    "cube": MeshKind(lambda rng: [bar(2, 2, 2)], 0.09, is_shape=True),
    "cylinder": MeshKind(
        lambda rng: [turned([(0, 0), (1, 0), (1, h := rng.uniform(2, 3.2)), (0, h)])], 0.12, is_shape=True
    ),
    "cone": MeshKind(_body((0, 0), (1, 0), (0, 2.3)), 0.12, is_shape=True),
    "pyramid": MeshKind(_body((0, 0), (1.3, 0), (0, 1.7), segments=4), 0.12, is_shape=True),
    "ring": MeshKind(_ring, 0.12, is_shape=True),
    **{
        shape: MeshKind(_standing(shape), 0.12, is_shape=True, faces_camera=True)
        for shape in ("star", "heart", "cross", "arrow")
    },
    "mug": MeshKind(_mug, 0.12),
    "bottle": MeshKind(_bottle, 0.2),
    "bowl": MeshKind(_bowl, 0.16),
    "plate": MeshKind(_plate, 0.2),
    "vase": MeshKind(_vase, 0.18),
    "apple": MeshKind(_apple, 0.09, ("red", "green", "yellow")),
    "pear": MeshKind(_pear, 0.11, ("green", "yellow")),
    "lemon": MeshKind(lambda rng: [_lying(turned(round_profile(0.72, 2.1)))], 0.09, ("yellow",)),
    "banana": MeshKind(_banana, 0.17, ("yellow",)),
    "carrot": MeshKind(_carrot, 0.17, ("orange",)),
    "egg": MeshKind(
        lambda rng: [_lying(turned(round_profile(0.8, 2.1, top=0.75)))], 0.08, ("white", "brown")
    ),
    "mushroom": MeshKind(_mushroom, 0.1, ("red", "brown")),
    "candle": MeshKind(_candle, 0.16),
    "pencil": MeshKind(_pencil, 0.2),
    "book": MeshKind(_book, 0.2),
    "hammer": MeshKind(_hammer, 0.22),
    "can": MeshKind(_can, 0.13),
    "bell": MeshKind(_bell, 0.11),
    "hat": MeshKind(_hat, 0.16),
    "house": MeshKind(_house, 0.16, faces_camera=True),
    "chair": MeshKind(_chair, 0.16),
    "car": MeshKind(_car, 0.17),
    "pine tree": MeshKind(_pine, 0.2, ("green",)),
}
NOUNS = tuple(KINDS)


def _lying(part: MeshPart) -> MeshPart:
    """Turned onto its side, back on z = 0."""
    lying = part.vertices[:, [2, 1, 0]] * (1, 1, -1)
    return MeshPart(lying - (lying[:, 0].mean(), 0, lying[:, 2].min()), part.faces, part.rgb, part.metal)


def make_object(rng: np.random.Generator, noun: str, size: float = 1.0) -> list[MeshPart]:
    """Makes one object of a noun, its middle over the origin, standing on z = 0.

    Args:
        rng: Source of all randomness.
        noun: One of `NOUNS`.
        size: Times as large as usual.

    Returns:
        Its parts.
    """
    kind = KINDS[noun]
    parts = kind.make(rng)
    corners = np.concatenate([part.vertices for part in parts])
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = kind.size * size / (high - low).max()
    origin = np.array([*(low + high)[:2] / 2, low[2]])
    return [MeshPart((part.vertices - origin) * scale, part.faces, part.rgb, part.metal) for part in parts]
