"""Composes images of named objects and shapes, with queries about them.

for sample in scenes(seed=1):
    ...
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from model.data.scenes.backgrounds import background, noise_bank, photo
from model.data.scenes.canvas import SceneCanvas, Shadow
from model.data.scenes.objects import SceneObject, reading_order, visible_target
from model.data.scenes.queries.sample import ask
from model.data.scenes.shapes import draw_shape
from model.data.scenes.spec import ObjectSpec, scene_specs
from model.data.scenes.sprite_library import SPLITS, SpriteLibrary, load_library
from model.data.scenes.sprites import object_sprite
from model.data.schema import ImageSample
from molmo_act._optional import lazy_import
from molmo_act.errors import InputError

cv2 = lazy_import("cv2", extra="train", purpose="drawing and measuring images")

SMALLEST, LARGEST = 24, 140
SMALLEST_SIDE, LARGEST_SIDE = 96, 768  # of an image
_PHOTO_CHANCE = 0.25


def _place(
    rng: np.random.Generator,
    canvas: SceneCanvas,
    spec: ObjectSpec,
    library: SpriteLibrary | None,
    base: float,
    shadow: Shadow | None,
) -> None:
    rows, columns = canvas.owner.shape
    largest = min(LARGEST, 0.5 * min(rows, columns))
    side = int(np.clip(base * np.exp(rng.normal(0, 0.35)), SMALLEST, largest))
    crowded = rng.random() < 0.25
    sprite: np.ndarray | None = None
    for attempt in range(10):
        margin = 0.1 * side if rng.random() < 0.15 else -1.0
        x = int(rng.uniform(-margin, max(columns - side + margin, 1)))
        y = int(rng.uniform(-margin, max(rows - side + margin, 1)))
        patch = canvas.owner[max(y, 0) : y + side, max(x, 0) : x + side]
        if not crowded and attempt < 7 and np.count_nonzero(patch[::3, ::3]) > 0.02 * patch.size:
            continue
        if sprite is None:
            ground = canvas.image[max(y, 0) : y + side : 4, max(x, 0) : x + side : 4].reshape(-1, 3)
            sprite = object_sprite(rng, spec, side, library, ground.mean(axis=0))
        if canvas.paste(sprite, x, y, spec, hide=0.45 if crowded else 0.12, shadow=shadow):
            return


def _shadow(rng: np.random.Generator) -> Shadow:
    return Shadow(int(rng.integers(-6, 7)), int(rng.integers(1, 8)), float(rng.uniform(0.2, 0.6)))


def _clutter(rng: np.random.Generator, image: np.ndarray) -> None:
    """Strokes and specks that nobody would name."""
    rows, columns = image.shape[:2]
    for _ in range(int(rng.integers(2, 12))):
        points = np.cumsum(rng.normal(0, 14, (int(rng.integers(2, 7)), 2)), axis=0) + rng.uniform(0, 1, 2) * (
            columns,
            rows,
        )
        colour = image[int(rng.integers(rows)), int(rng.integers(columns))].astype(np.float64)
        colour = np.clip(colour + rng.normal(0, 50, 3), 0, 255)
        cv2.polylines(
            image,
            [np.round(points).astype(np.int32)],
            False,
            colour.tolist(),
            int(rng.integers(1, 3)),
            cv2.LINE_AA,
        )


def _light(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Light that differs a little over the image, with a slight colour cast."""
    rows, columns = image.shape[:2]
    field_ = rng.normal(0, 0.1, (3, 3, 1)) + rng.uniform(0.8, 1.15) + rng.normal(0, 0.03, 3)
    small = np.clip(field_ * 160, 90, 225).astype(np.uint8)
    return cv2.multiply(
        image, cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR), scale=1 / 160
    )


def _camera(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """What a camera and its file format add: blur, noise, compression."""
    rows, columns = image.shape[:2]
    if rng.random() < 0.5:
        image = _light(rng, image)
    if rng.random() < 0.2:
        image = cv2.GaussianBlur(image, (5, 5), float(rng.uniform(0.4, 1.1)))
    if rng.random() < 0.5:
        bank = noise_bank()
        y, x = (
            int(rng.integers(0, bank.shape[0] - rows + 1)),
            int(rng.integers(0, bank.shape[1] - columns + 1)),
        )
        amount = float(rng.uniform(0.03, 0.3))
        image = cv2.addWeighted(image, 1.0, bank[y : y + rows, x : x + columns], amount, -128 * amount)
    if rng.random() < 0.12:
        packed = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 92))))[1]
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))
    return image


def _scene_objects(canvas: SceneCanvas) -> list[SceneObject]:
    objects = []
    for number, (spec, area) in enumerate(zip(canvas.specs, canvas.areas, strict=True), start=1):
        mask = canvas.owner == number
        left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
        target = visible_target(mask[top : top + height, left : left + width], left, top)
        objects.append(SceneObject(spec.noun, spec.colour, spec.drawing is None, target, area))
    return objects


def draw_scene(
    rng: np.random.Generator,
    width: int,
    height: int,
    library: SpriteLibrary | None,
    *,
    most_queries: int = 16,
) -> ImageSample:
    """Composes one image with queries about it.

    Args:
        rng: Source of all randomness; the same state gives the same image, byte for byte.
        width: Pixels, 96 to 768.
        height: Pixels, 96 to 768.
        library: Drawings and photographs; None for geometric shapes on drawn backgrounds only.
        most_queries: Upper bound of the number of queries.

    Returns:
        The image with its queries.

    Raises:
        InputError: The size is out of range.
    """
    if min(width, height) < SMALLEST_SIDE or max(width, height) > LARGEST_SIDE:
        raise InputError(
            f"Got a scene of {width}×{height} pixels; both sides must be {SMALLEST_SIDE} to {LARGEST_SIDE}."
        )
    on_photo = library is not None and len(library.photos) > 0 and rng.random() < _PHOTO_CHANCE
    if library is not None and on_photo:
        image = photo(rng, width, height, library.photos)
    else:
        image = background(rng, width, height)
    canvas = SceneCanvas(image, np.zeros((height, width), np.uint8))
    if rng.random() < 0.2:
        _clutter(rng, canvas.image)
    specs = scene_specs(rng, library)
    room = np.sqrt(width * height / len(specs)) * 0.62
    base = float(rng.uniform(SMALLEST + 6, min(max(room, SMALLEST + 12), LARGEST)))
    shadow = _shadow(rng) if rng.random() < 0.35 else None
    for spec in specs:
        _place(rng, canvas, spec, library, base, shadow)
    objects = _scene_objects(canvas)

    shapes_only = bool(objects) and all(obj.is_shape for obj in objects)

    def name_noun(rng: np.random.Generator) -> str:
        if library is None or rng.random() < (0.6 if shapes_only else 0.15):
            return draw_shape(rng)
        return library.name_noun(rng)

    queries = ask(rng, objects, name_noun, width, height, on_photo=on_photo, most=most_queries)
    return ImageSample(_camera(rng, canvas.image), queries, reading_order(objects, height))


def scenes(
    seed: int,
    worker: int = 0,
    workers: int = 1,
    *,
    split: str = "train",
    folder: Path | str | None = None,
    library: SpriteLibrary | None = None,
    size: tuple[int, int] | None = None,
    start: int = 0,
) -> Iterator[ImageSample]:
    """An endless stream of scenes; the workers' streams together are the stream of one.

    Image number i is made from (seed, split, i) alone, so that a stream can be resumed at any number.

    Args:
        seed: Names the stream.
        worker: Which worker this is, from 0; it yields the images start + worker, + workers, ….
        workers: How many share the stream.
        split: "train", "fresh", "eval" or "style", see `model.data.scenes.sprite_library`; the streams of
            different splits never coincide.
        folder: The archive of drawings; None for the default place.
        library: Drawings at hand, instead of reading `folder`.
        size: (width, height) in pixels; None for a random one of 200–450 each.
        start: Number of the first image.

    Raises:
        InputError: The split, the worker or the archive is not usable.
    """
    if not 0 <= worker < workers:
        raise InputError(f"Got worker {worker} of {workers}; expected 0 ≤ worker < workers.")
    library = load_library(split, folder) if library is None else library
    number = start + worker
    while True:
        rng = np.random.default_rng((seed, SPLITS.index(split), number))
        width, height = size if size else (int(side) for side in rng.integers(200, 451, 2))
        yield draw_scene(rng, width, height, library)
        number += workers
