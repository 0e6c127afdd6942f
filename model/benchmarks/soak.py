"""Memory over many images: `python -m model.benchmarks.soak --pictures 1000`.

Asks nano about drawn images of changing sizes, one after another, and says how much memory the process
holds after every hundred; the slope is that of a straight line through the second half. One JSON line comes
last.
"""

from __future__ import annotations

import json

import numpy as np
import torch
from tqdm import tqdm

import molmo_act
from model._cli import make_parser
from model._machine import machine_info, used_mb
from model.data.scenes.generate import draw_scene

EVERY = 100
LARGEST_SIDE = 400


def soak(model: molmo_act.PointingModel, images: int, every: int = EVERY) -> list[float]:
    """MB in use after every so many images."""
    rng, used = np.random.default_rng(0), []
    for number in tqdm(range(1, images + 1), unit="image"):
        width, height = (int(side) for side in rng.integers(120, LARGEST_SIDE, 2))
        model.point(draw_scene(rng, width, height, None).image, "shapes")
        if number % every == 0:
            used.append(round(used_mb(model.model.device), 1))
    return used


def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    used = soak(molmo_act.load(device=args.device), args.pictures)
    half = used[len(used) // 2 :]
    slope = float(np.polyfit(np.arange(len(half)) * EVERY, half, 1)[0]) if len(half) > 1 else 0.0
    print("| images | MB |\n|---|---|")
    for number, megabytes in enumerate(used, 1):
        print(f"| {number * EVERY} | {megabytes} |")
    print(
        json.dumps({**machine_info(args.device), "mb": used, "mb_per_1000_pictures": round(1000 * slope, 1)})
    )


if __name__ == "__main__":
    main()
