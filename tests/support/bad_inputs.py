"""Makes the inputs of the corpus of bad inputs from their descriptions; the same bytes for the same id.

`tests/data/bad_inputs/README.md` says what a row holds.
"""

from __future__ import annotations

import ast
import bz2
import gzip
import io
import json
import lzma
import math
import os
import random
import shutil
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import molmo_act
from molmo_act.cli import main as cli
from molmo_act.io.frames import read_frames
from molmo_act.io.image import to_rgb
from molmo_act.io.video_writer import video_writer
from molmo_act.pointing.model import PointingModel
from molmo_act.tracking.tracker import StreamingTracker
from tests.support.tiny_checkpoint import TINY, tiny_model, tiny_processor


def random_of(name: str) -> random.Random:
    """Random numbers that belong to a row."""
    return random.Random(zlib.crc32(name.encode()))


def picture(rng: random.Random, width: int = 40, height: int = 30) -> Image.Image:
    """A small image with detail, so that no format shortens it to nothing."""
    pixels = np.frombuffer(rng.randbytes(width * height * 3), np.uint8).reshape(height, width, 3)
    return Image.fromarray(pixels)


def damaged(content: bytes, damage: dict[str, Any], rng: random.Random) -> bytes:
    """The content of a file after what the row says has happened to it."""
    for how, value in damage.items():
        if how == "keep":  # bytes, or a share of the file
            content = content[: value if isinstance(value, int) else int(len(content) * value)]
        elif how == "flip":  # so many bytes, behind the first sixteen
            changed = bytearray(content)
            for _ in range(value):
                changed[rng.randrange(min(16, len(changed) - 1), len(changed))] ^= rng.randrange(1, 256)
            content = bytes(changed)
        elif how == "zero":  # bytes from, to
            first, last = value
            content = content[:first] + bytes(last - first) + content[last:]
        elif how == "before":
            content = value.encode() + content
        elif how == "after":
            content = content + value.encode()
        elif how == "replace":
            old, new = (ast.literal_eval(f'b"{part}"') for part in value)
            content = content.replace(old, new, 1)
        else:
            raise ValueError(f"no damage is called {how}")
    return content


def make_file(recipe: dict[str, Any], name: str, folder: Path) -> Path:
    """Writes the file that a recipe describes: an image, a video, or bytes."""
    rng, path = random_of(name), folder / recipe["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = recipe.get("format")
    if kind is None:
        content = recipe.get("text", "").encode("utf-8", "surrogatepass")
        if "random" in recipe:
            content = rng.randbytes(recipe["random"])
    elif kind == "video":
        with video_writer(path) as writer:
            for index in range(recipe.get("frames", 6)):
                image = picture(random_of(f"{name} {index}"), 64, 48)
                writer.write(np.asarray(image), index / 10)
        content = path.read_bytes()
    else:
        buffer = io.BytesIO()
        image = picture(rng, *recipe.get("size", (40, 30))).convert(recipe.get("mode", "RGB"))
        image.save(buffer, kind, **recipe.get("options", {}))
        content = buffer.getvalue()
    path.write_bytes(damaged(content, recipe.get("damage", {}), rng))
    if "chmod" in recipe:
        path.chmod(recipe["chmod"])
    return path


COMPRESSED = {"gzip": gzip.open, "bz2": bz2.open, "lzma": lzma.open}
"""Streams that unpack a file while they are read."""


def make(recipe: Any, name: str, folder: Path) -> Any:
    """Makes the value that a recipe describes; what is no recipe is the value."""
    if isinstance(recipe, list):
        return [make(one, name, folder) for one in recipe]
    if not isinstance(recipe, dict):
        return recipe
    if "file" in recipe:
        path = make_file(recipe, name, folder)
        given = recipe.get("as", "path")
        if given == "closed":
            stream = io.BytesIO(path.read_bytes())
            stream.close()
            return stream
        if given in COMPRESSED:
            return COMPRESSED[given](path)
        if given in ("bytes", "stream"):
            return path.read_bytes() if given == "bytes" else io.BytesIO(path.read_bytes())
        return path if given == "path" else str(path)
    if "folder" in recipe:
        place = folder / recipe["folder"]
        place.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(recipe.get("files", [])):
            make_file(one, f"{name} {number}", place)
        return place
    if "array" in recipe or "tensor" in recipe:
        return _numbers(recipe)
    if "pil" in recipe:
        return Image.new(recipe["pil"], recipe.get("size", [40, 30]))
    if "python" in recipe:
        return (
            _PYTHON[recipe["python"]] if recipe["python"] in _PYTHON else ast.literal_eval(recipe["python"])
        )
    if "repeat" in recipe:
        text, times = recipe["repeat"]
        return text * times
    if "path" in recipe:
        return folder / recipe["path"]
    raise ValueError(f"{recipe} describes nothing")


_PYTHON = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf, "object": object(), "surrogate": "\ud83d"}


def _numbers(recipe: dict[str, Any]) -> Any:
    shape, dtype = recipe.get("array", recipe.get("tensor")), recipe.get("dtype", "uint8")
    if "tensor" in recipe:
        values = torch.full(shape, recipe.get("fill", 0), dtype=getattr(torch, dtype))
        if recipe.get("layout") == "sparse":
            return values.to_sparse()
        return values.to("meta") if recipe.get("layout") == "meta" else values
    values = np.full(shape, recipe.get("fill", 0), dtype=dtype)
    if "one" in recipe:  # a single value among the others
        values.flat[-1] = make(recipe["one"], "", Path())
    return values


def make_checkpoint(recipe: dict[str, Any], name: str, folder: Path) -> Path:
    """A copy of the tiny checkpoint, with what the row says done to its files.

    The copy consists of links, but for files that are changed.
    """
    rng, place = random_of(name), folder / "checkpoint"
    place.mkdir()
    for path in TINY.iterdir():
        if not path.name.startswith(("case_", "logits_", "README")):
            os.link(path, place / path.name) if recipe.get("link") else shutil.copy(path, place)
    for file in recipe.get("remove", []):
        (place / file).unlink()
    for file, changes in recipe.get("set", {}).items():  # keys of JSON files, "a.b" for what lies deeper
        content = json.loads((place / file).read_text())
        for key, value in changes.items():
            *parents, last = key.split(".")
            target = content
            for parent in parents:
                target = target[parent]
            if value == "REMOVED":
                target.pop(last)
            else:
                target[last] = make(value, name, folder)
        (place / file).write_text(json.dumps(content))
    for file, damage in recipe.get("damage", {}).items():
        (place / file).write_bytes(damaged((place / file).read_bytes(), damage, rng))
    for file, text in recipe.get("write", {}).items():
        (place / file).write_text(text)
    return place


def ask_image(row: dict[str, Any], folder: Path) -> Any:
    """The (height, width) that an image is read with."""
    return list(to_rgb(make(row["image"], row["id"], folder)).shape[:2])


def ask_video(row: dict[str, Any], folder: Path) -> Any:
    """How many frames a video is read with."""
    options = {name: make(value, row["id"], folder) for name, value in row.get("options", {}).items()}
    return len(list(read_frames(make(row["video"], row["id"], folder), **options)))


def ask_checkpoint(row: dict[str, Any], folder: Path) -> Any:
    """Whether a checkpoint loads and answers."""
    model = molmo_act.load(make_checkpoint(row["checkpoint"], row["id"], folder), device="cpu")
    model.point(np.zeros((30, 40, 3), np.uint8), "the mug", max_points=1)
    return "answers"


def ask_query(row: dict[str, Any], folder: Path) -> Any:
    """Whether a query may be asked."""
    tiny().runtime.check_query(make(row["query"], row["id"], folder))
    return "accepted"


def ask_argument(row: dict[str, Any], folder: Path) -> Any:
    """What a verb returns."""
    given = [make(value, row["id"], folder) for value in row["args"]]
    options = {name: make(value, row["id"], folder) for name, value in row["options"].items()}
    found = getattr(molmo_act if row["call"] == "load" else tiny(), row["call"])(*given, **options)
    if isinstance(found, StreamingTracker):
        found.close()
    return found if isinstance(found, (int, list)) else type(found).__name__


def ask_command(row: dict[str, Any], folder: Path) -> Any:
    """The exit code of a command."""
    return cli.main([str(make(word, row["id"], folder)) for word in row["cli"]])


@cache
def tiny() -> PointingModel:
    """The tiny model, loaded once."""
    return PointingModel(tiny_model(), tiny_processor(), "tiny")


ASK = {
    "images": ask_image,
    "videos": ask_video,
    "checkpoints": ask_checkpoint,
    "queries": ask_query,
    "arguments": ask_argument,
    "commands": ask_command,
}
"""How each table is asked."""
