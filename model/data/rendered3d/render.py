"""Renders images and clips of solid objects into a folder: `python -m model.data.rendered3d.render stills`.

Continues where it was stopped: what lies in the folder is not rendered again. Scene number n depends on the
seed, the split and n alone. Needs Blender; `python -m model.data.rendered3d.blender_env` makes its
environment.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from model._cli import command, make_parser
from model.data.paths import CACHE
from model.data.rendered3d.blender_env import Blender
from model.data.rendered3d.layouts import SPLITS, ClipSpec, plan_clip, plan_image
from model.data.rendered3d.scene_spec import SceneSpec
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_folder

FOLDERS = {"stills": CACHE / "scenes3d", "clips": CACHE / "clips3d"}
SAMPLES = 8
SETTINGS = "settings.json"
CALM = ("camera", "leaving", "pillars", "light")
_FARTHEST = 65.535  # metres that a 16-bit depth image in millimetres can tell


def render_scene(blender: Blender, plan: SceneSpec, folder: Path, samples: int, bar: tqdm) -> None:
    """Renders a scene into a folder, whole or not at all.

    Args:
        blender: The running renderer.
        plan: What to render.
        folder: The folder that is made, see `model.data.rendered3d.dataset`.
        samples: Light paths per pixel.
        bar: Moves on by one for each frame.
    """
    with atomic_folder(folder) as partial:
        (partial / "scene.json").write_text(json.dumps(plan.render_spec(samples)), encoding="utf-8")
        for _ in blender.render(partial, len(plan.frames)):
            bar.update()
        (partial / "scene.json").unlink()
        for raw in sorted(partial.glob("*.npz")):
            _keep_passes(raw)
        (partial / "truth.json").write_text(json.dumps(plan.truth()), encoding="utf-8")


def _keep_passes(raw: Path) -> None:
    """Stores index and depth as images: numbers of objects, and millimetres with 0 for nothing in reach."""
    with np.load(raw) as passes:
        index, depth = passes["index"], passes["depth"]
    millimetres = np.where(depth <= _FARTHEST, np.rint(depth * 1000), 0).astype(np.uint16)
    Image.fromarray(index).save(raw.with_name(raw.stem + "_things.png"))
    Image.fromarray(millimetres).save(raw.with_name(raw.stem + "_depth.png"))
    raw.unlink()


def render_all(options: argparse.Namespace, folder: Path) -> int:
    """Renders what is missing in a folder.

    Args:
        options: The command line.
        folder: Where the scenes go.

    Returns:
        How many scenes there are then.

    Raises:
        InputError: An option is out of range, or the folder holds scenes of other settings.
        PlatformError: Blender is missing or failed.
    """
    width, height = options.size
    possible = min(width, height) >= 48 and max(width, height) <= min(4096, 3 * min(width, height))
    if not possible or min(options.count, options.samples) < 1:
        raise InputError(
            f"Got {options.count} scenes of {width}×{height} pixels with {options.samples} samples; expected "
            "at least one scene and one sample, and sides of 48 to 4096 pixels, none three times the other."
        )
    spec = _clip_spec(options)
    frames = 1 if spec is None else round(spec.seconds * spec.fps)
    numbers = range(options.start, options.start + options.count)
    paths = {number: folder / f"{options.split}-{options.seed}-{number:05d}" for number in numbers}
    missing = [number for number, path in paths.items() if not path.is_dir()]
    made = {"size": options.size, "samples": options.samples, "clips": spec and asdict(spec)}
    if not missing:
        _claim(folder, made)
        return len(paths)
    with Blender() as blender, tqdm(total=len(missing) * frames, unit="frame", desc=str(folder)) as bar:
        _claim(folder, made)
        for number in missing:
            if spec is None:
                plan = plan_image(options.seed, number, (width, height), options.split)
            else:
                plan = plan_clip(options.seed, number, (width, height), options.split, spec)
            render_scene(blender, plan, paths[number], options.samples, bar)
    return len(paths)


def _clip_spec(options: argparse.Namespace) -> ClipSpec | None:
    """Returns what clips are to be like; None for images."""
    if options.what == "stills":
        return None
    if not (0 < options.fps <= 240 and 1 <= options.seconds * options.fps <= 10_000):
        raise InputError(
            f"Got clips of {options.seconds} s at {options.fps} frames a second; expected 1 to 10,000 frames "
            "at up to 240 a second."
        )
    calm = {name: name not in options.calm for name in CALM}
    return ClipSpec(seconds=options.seconds, fps=options.fps, **calm)


def _claim(folder: Path, settings: dict[str, Any]) -> None:
    """Writes into a new folder how its scenes are made, or checks that those in it are made so.

    Raises:
        InputError: They are not.
    """
    path, now = folder / SETTINGS, json.dumps(settings, indent=1)
    if path.exists() and path.read_text(encoding="utf-8") != now:
        raise InputError(
            f"{folder} holds scenes of other settings, see {path}. Render with the same ones, or give "
            "another folder with --out."
        )
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(now, encoding="utf-8")


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__, prog="python -m model.data.rendered3d.render")
    parser.add_argument("what", choices=FOLDERS)
    parser.add_argument("--out", type=Path, help=f"folder ({', '.join(map(str, FOLDERS.values()))})")
    parser.add_argument("--count", type=int, default=10, help="scenes (default: %(default)s)")
    parser.add_argument("--start", type=int, default=0, help="number of the first (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--size", type=int, nargs=2, default=(320, 240), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument(
        "--samples", type=int, default=SAMPLES, help="light paths a pixel (default: %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="of a clip (default: %(default)s)")
    parser.add_argument(
        "--fps", type=float, default=10.0, help="frames a second of clips (default: %(default)s)"
    )
    parser.add_argument(
        "--calm", nargs="*", choices=CALM, default=(), help="what clips do without: a moving camera, objects "
        "that leave the view, pillars, changing light"
    )  # fmt: skip
    options = parser.parse_args()
    folder = options.out or FOLDERS[options.what]
    print(f"{render_all(options, folder)} {options.what}: {folder}")


if __name__ == "__main__":
    sys.exit(main())
