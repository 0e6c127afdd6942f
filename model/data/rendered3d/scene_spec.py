"""What a scene is before it is rendered, and the ground truth that is known beforehand.

A scene is what a camera sees of solid objects in a room: one frame, or the frames of a clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from model.data.rendered3d.camera import Camera, Silhouette, silhouette
from model.data.rendered3d.meshes import KINDS, MeshPart, bar

LIGHTS = ("city", "courtyard", "interior", "studio", "sunrise")
"""Panoramas of real places that come with Blender (CC0) and light the room."""


@dataclass(frozen=True, eq=False)
class Body:
    """A named object.

    Attributes:
        noun: What it is.
        colour: The name of its colour.
        parts: Its meshes, metres, standing on z = 0 of their own.
        rgb: Its shade of the colour, in [0, 255].
        roughness: 0 for a mirror's surface to 1 for chalk's.
    """

    noun: str
    colour: str
    parts: tuple[MeshPart, ...]
    rgb: tuple[float, float, float]
    roughness: float

    @property
    def corners(self) -> np.ndarray:
        """All vertices, float (V, 3), metres."""
        return np.concatenate([part.vertices for part in self.parts])

    @property
    def radius(self) -> float:
        """Metres from its axis to its farthest side."""
        return float(np.linalg.norm(self.corners[:, :2], axis=1).max())


@dataclass(frozen=True)
class Surface:
    """What a surface looks like.

    Attributes:
        kind: One of the textures of `blender_script`.
        rgb: Its two colours, in [0, 255].
        scale: Repeats per metre.
    """

    kind: str
    rgb: tuple[tuple[float, float, float], tuple[float, float, float]]
    scale: float


@dataclass(frozen=True, eq=False)
class Prop:
    """Part of the room, which nobody asks for: a table, a wall, a pillar.

    Attributes:
        mesh: Its shape.
        surface: What it looks like.
    """

    mesh: MeshPart
    surface: Surface


@dataclass(frozen=True)
class Light:
    """What lights the room.

    Attributes:
        panorama: One of `LIGHTS`.
        turn: By how much it is turned around z, radians.
        level: Mean brightness of it; a white wall in it shows as about this much white.
        lamp: (x, y, z) of a square lamp that shines at the origin, metres.
        lamp_size: Its side in metres: large ones throw soft shadows.
        watts: Its power.
    """

    panorama: str
    turn: float
    level: float
    lamp: tuple[float, float, float]
    lamp_size: float
    watts: float


@dataclass(frozen=True, eq=False)
class SceneFrame:
    """One frame.

    Attributes:
        camera: What sees.
        poses: float (bodies, 4, 4), body to world.
        exposure: Stops by which the frame is lighter.
    """

    camera: Camera
    poses: np.ndarray
    exposure: float = 0.0

    def silhouettes(self, bodies: Sequence[Body]) -> list[Silhouette]:
        """Draws the silhouette of each body as if it were alone.

        Args:
            bodies: The bodies, in the order of `poses`.

        Returns:
            One silhouette for each.
        """
        return [
            silhouette(
                self.camera,
                [(part.vertices @ pose[:3, :3].T + pose[:3, 3], part.faces) for part in body.parts],
            )
            for body, pose in zip(bodies, self.poses, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class SceneSpec:
    """A scene to be rendered.

    Attributes:
        bodies: Named objects; number n in an image's index is `bodies[n - 1]`.
        props: The room.
        light: What lights it.
        frames: The frames.
        fps: Frames per second; 0 for a single image.
    """

    bodies: tuple[Body, ...]
    props: tuple[Prop, ...]
    light: Light
    frames: tuple[SceneFrame, ...]
    fps: float = 0.0

    def render_spec(self, samples: int) -> dict[str, Any]:
        """Returns everything that the renderer has to know.

        Args:
            samples: Light paths per pixel.

        Returns:
            JSON values, see `blender_script`.
        """
        camera = self.frames[0].camera
        return {
            "size": camera.size,
            "focal": camera.focal,
            "samples": samples,
            "light": asdict(self.light),
            "props": [_mesh(prop.mesh) | {"look": asdict(prop.surface)} for prop in self.props],
            "bodies": [
                [
                    _mesh(part)
                    | {"rgb": part.rgb or body.rgb, "metal": part.metal, "roughness": body.roughness}
                    for part in body.parts
                ]
                for body in self.bodies
            ],
            "frames": [
                {"camera": m.camera.pose.tolist(), "poses": m.poses.tolist(), "exposure": m.exposure}
                for m in self.frames
            ],
        }

    def truth(self) -> dict[str, Any]:
        """Returns the ground truth that is known without rendering.

        Returns:
            JSON values, see `model.data.rendered3d.dataset`.
        """
        camera = self.frames[0].camera
        return {
            "size": camera.size,
            "focal": camera.focal,
            "fps": self.fps,
            "things": [
                {"noun": body.noun, "colour": body.colour, "is_shape": KINDS[body.noun].is_shape}
                for body in self.bodies
            ],
            "frames": [self._frame_truth(frame) for frame in self.frames],
        }

    def _frame_truth(self, frame: SceneFrame) -> dict[str, Any]:
        feet = np.array([pose[:3, 3] for pose in frame.poses])
        heights = np.array([body.corners[:, 2].max() for body in self.bodies])
        stands, depth = frame.camera.project(feet)
        middle, _ = frame.camera.project(feet + heights[:, None] / 2 * (0, 0, 1))
        return {
            "camera": frame.camera.pose.round(6).tolist(),
            "full": [round(each.area, 2) for each in frame.silhouettes(self.bodies)],
            "stands": stands.round(3).tolist(),
            "middle": middle.round(3).tolist(),
            "depth": depth.round(5).tolist(),
        }


def _mesh(part: MeshPart) -> dict[str, Any]:
    return {"vertices": part.vertices.round(5).tolist(), "faces": part.faces}


def upright(x: float, y: float, yaw: float, z: float = 0.0) -> np.ndarray:
    """Makes the pose of something that stands upright.

    Args:
        x: Metres.
        y: Metres.
        yaw: Radians by which it is turned around z.
        z: Metres.

    Returns:
        float (4, 4), object to world.
    """
    pose = np.eye(4)
    pose[:2, :2] = (np.cos(yaw), -np.sin(yaw)), (np.sin(yaw), np.cos(yaw))
    pose[:3, 3] = x, y, z
    return pose


_WOODS = ((150, 105, 66), (116, 78, 48), (190, 152, 108), (92, 64, 44), (206, 180, 144))
_PALE = ((190, 188, 182), (168, 166, 162), (206, 202, 194), (140, 142, 146), (112, 114, 118), (176, 182, 186))
_GROUNDS = ("wood", "planks", "tiles", "stone", "cloth", "checks")
_WALLS = ("stone", "tiles", "planks", "cloth")


def random_surface(rng: np.random.Generator, kinds: Sequence[str]) -> Surface:
    """Draws a surface in the dull colours of rooms, so that named colours stay those of objects.

    Args:
        rng: Source of all randomness.
        kinds: Textures to choose from.
    """
    kind = kinds[int(rng.integers(len(kinds)))]
    family = _WOODS if kind in ("wood", "planks") else _PALE
    first = np.array(family[int(rng.integers(len(family)))]) + rng.normal(0, 6, 3)
    second = first * rng.uniform(0.6, 0.92)
    scale = rng.uniform(*{"wood": (3, 8), "planks": (4, 9), "cloth": (60, 120)}.get(kind, (4, 12)))
    pair = tuple(tuple(np.clip(rgb, 5, 250).round(1).tolist()) for rgb in (first, second))
    return Surface(kind, pair, round(float(scale), 2))  # type: ignore[arg-type]


def random_room(rng: np.random.Generator) -> tuple[Prop, ...]:
    """Draws a table top or a floor at z = 0, and walls behind it."""
    ground = random_surface(rng, _GROUNDS)
    back = float(rng.uniform(1.3, 2.6))
    walls = [bar(9, 0.1, 5).moved(y=back, z=-1), bar(0.1, 9, 5).moved(x=float(rng.uniform(2.2, 3.5)), z=-1)]
    wall = random_surface(rng, _WALLS)
    props = [Prop(mesh, wall) for mesh in walls]
    if rng.random() < 0.5:
        props.append(Prop(bar(9, 9, 0.1).moved(z=-0.1), ground))
    else:
        props.append(Prop(bar(float(rng.uniform(1.9, 2.6)), 1.7, 0.04).moved(y=0.15, z=-0.04), ground))
        props.append(Prop(bar(9, 9, 0.1).moved(z=-0.85), random_surface(rng, _GROUNDS)))
    return tuple(props)


def random_light(rng: np.random.Generator) -> Light:
    """Draws a panorama and one lamp somewhere above."""
    angle, height = rng.uniform(0, 2 * np.pi), rng.uniform(1.4, 2.4)
    away = rng.uniform(0.5, 1.5)
    return Light(
        panorama=LIGHTS[int(rng.integers(len(LIGHTS)))],
        turn=float(rng.uniform(0, 2 * np.pi)),
        level=float(rng.uniform(0.35, 0.65)),
        lamp=(float(away * np.cos(angle)), float(away * np.sin(angle)), float(height)),
        lamp_size=float(rng.uniform(0.15, 0.9)),
        watts=float(rng.uniform(8, 30)),
    )
