"""Writes scenes as the renderer does, painted flat by the silhouettes of their plans."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from model.data.rendered3d.scene_spec import SceneSpec


def paint_scene(plan: SceneSpec, folder: Path) -> None:
    folder.mkdir(parents=True)
    for number, frame in enumerate(plan.frames):
        _, depths = frame.camera.project(frame.poses[:, :3, 3])
        outlines = frame.silhouettes(plan.bodies)
        width, height = frame.camera.size
        objects, depth = np.zeros((height, width), np.uint8), np.full((height, width), 2000, np.uint16)
        image = np.full((height, width, 3), 128, np.uint8)
        for index in np.argsort(-depths):
            seen = outlines[index].within((width, height))
            objects[seen], depth[seen] = index + 1, round(depths[index] * 1000)
            image[seen] = np.round(plan.bodies[index].rgb)
        for what, pixels in {"": image, "_things": objects, "_depth": depth}.items():
            Image.fromarray(pixels).save(folder / f"frame_{number:03d}{what}.png")
    (folder / "truth.json").write_text(json.dumps(plan.truth()))
