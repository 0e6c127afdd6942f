"""Writes shots as the renderer does, painted flat by the silhouettes of their plans."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from model.data.shot_plan import ShotPlan


def draw_shot(plan: ShotPlan, folder: Path) -> None:
    folder.mkdir(parents=True)
    for number, moment in enumerate(plan.moments):
        _, depths = moment.camera.project(moment.poses[:, :3, 3])
        outlines = moment.silhouettes(plan.bodies)
        width, height = moment.camera.size
        things, depth = np.zeros((height, width), np.uint8), np.full((height, width), 2000, np.uint16)
        image = np.full((height, width, 3), 128, np.uint8)
        for index in np.argsort(-depths):
            seen = outlines[index].within((width, height))
            things[seen], depth[seen] = index + 1, round(depths[index] * 1000)
            image[seen] = np.round(plan.bodies[index].rgb)
        for what, pixels in {"": image, "_things": things, "_depth": depth}.items():
            Image.fromarray(pixels).save(folder / f"frame_{number:03d}{what}.png")
    (folder / "truth.json").write_text(json.dumps(plan.truth()))
