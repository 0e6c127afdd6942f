"""Reads what an exported model says of itself, and refuses folders that hold something else.

`SETTINGS` is the file that makes a folder an exported model. Sizes of all files are compared with what it
says; their contents only where something fails, or when a caller asks, since reading gigabytes takes long.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from molmo_act.embedded.config import ModelConfig
from molmo_act.errors import CheckpointError, InputError
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.formats.prompt_templates import PromptTemplates
from molmo_act.formats.vision_tokens import IMAGE_PLACEHOLDER, VisionLayout

SETTINGS = "molmo_act_onnx.json"
FORMAT = 2
MODEL_TYPE = "molmo_point"
GRAPHS = (
    *("vision", "connector", "language", "words", "patch_keys"),
    *("patch_scores", "subpatch_scores", "slot_embeddings"),
)
"""Graphs that every export has; with `LOCATIONS` where points have a location inside a patch."""
LOCATIONS = "location_scores"
EMBEDDINGS, TOKENIZER = "embeddings.npy", "tokenizer.json"
EXPORT = "molmo-act export CHECKPOINT --out FOLDER"
AGAIN = f"Export it again: {EXPORT}."


@dataclass(frozen=True)
class ExportSettings:
    """What an exported model says of itself.

    Attributes:
        folder: Where it lies.
        name: The checkpoint that was exported.
        precision: "fp32", "fp16", "int8" or "int4".
        opset: Version of the operators of its graphs.
        config: The model's configuration.
        layout: How images are spelled in prompts.
        geometry: How images are cut.
        mean: Mean of pixels per channel.
        std: Standard deviation of pixels per channel.
        prompts: What the model is asked.
        chat: What a prompt says before its image, between image and question, and behind the question.
        special_tokens: ``bos_token``, ``eos_token`` and ``pad_token``.
        files: Size and SHA-256 of each file.
    """

    folder: Path
    name: str
    precision: str
    opset: int
    config: ModelConfig
    layout: VisionLayout
    geometry: Geometry
    mean: tuple[float, ...]
    std: tuple[float, ...]
    prompts: PromptTemplates
    chat: tuple[str, str, str]
    special_tokens: Mapping[str, str | None]
    files: Mapping[str, Mapping[str, Any]]

    @property
    def graphs(self) -> tuple[str, ...]:
        """Names of its graphs."""
        return GRAPHS if not self.config.num_locations else (*GRAPHS, LOCATIONS)

    def check_contents(self, *names: str) -> None:
        """Compares files with what was written, byte for byte.

        Args:
            names: Names of files; none for all.

        Raises:
            CheckpointError: One is missing, or holds something else.
        """
        for name in names or self.files:
            check_size(self.folder, name, self.files)
            with (self.folder / name).open("rb") as file:
                digest = (
                    hashlib.file_digest(file, "sha256") if hasattr(hashlib, "file_digest") else _digest(file)
                )
            if digest.hexdigest() != self.files[name]["sha256"]:
                raise CheckpointError(
                    f"{name} of the exported model {str(self.folder)!r} is damaged: its contents are not "
                    f"those that were written. Copy it again, or export it again: {EXPORT}."
                )


def _digest(file: Any) -> Any:
    digest = hashlib.sha256()
    while part := file.read(2**20):
        digest.update(part)
    return digest


def export_folder(name_or_path: object) -> Path | None:
    """Tells an exported model from a checkpoint.

    Args:
        name_or_path: What was given to `load`.

    Returns:
        Its folder, also where only its settings are missing; None where it is no exported model.
    """
    if not isinstance(name_or_path, (str, os.PathLike)):
        return None
    folder = Path(name_or_path)
    try:
        graphs = (folder / f"{GRAPHS[0]}.onnx").is_file() and not (folder / "config.json").is_file()
        return folder if graphs or (folder / SETTINGS).is_file() else None
    except (OSError, ValueError):  # such as a name that is too long
        return None


def read_settings(folder: Path) -> ExportSettings:
    """Reads the settings of an exported model, and checks that its files are there.

    Args:
        folder: The exported model.

    Returns:
        The settings.

    Raises:
        CheckpointError: The folder holds no exported model, one of another format or model type, or one that
            is incomplete or damaged.
    """
    path = folder / SETTINGS
    try:
        said = json.loads(path.read_bytes())
        if not isinstance(said, dict):
            raise ValueError(f"it holds a {type(said).__name__}")
    except OSError as error:
        raise CheckpointError(
            f"There is no exported model in {str(folder)!r}: {SETTINGS} cannot be read ({error.strerror}). "
            f"{AGAIN}"
        ) from error
    except ValueError as error:
        raise CheckpointError(f"{path} is no JSON of settings ({error}). {AGAIN}") from error
    _check_kind(folder, said)
    try:
        settings = _settings(folder, said)
    except (InputError, CheckpointError) as error:
        raise CheckpointError(f"{path}: {error} {AGAIN}") from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise CheckpointError(
            f"{path} lacks a setting, or says something else ({reason}). {AGAIN}"
        ) from error
    for name in settings.files:
        check_size(folder, name, settings.files)
    return settings


def _check_kind(folder: Path, said: Mapping[str, Any]) -> None:
    if said.get("format") != FORMAT:
        raise CheckpointError(
            f"The exported model {str(folder)!r} is of format {said.get('format')!r}; this molmo_act reads "
            f"format {FORMAT}. Export it with this version of molmo_act, or install the one that wrote it "
            f"({said.get('molmo_act')!r})."
        )
    if said.get("model_type") != MODEL_TYPE:
        raise CheckpointError(
            f"The exported model {str(folder)!r} is of model type {said.get('model_type')!r}; expected "
            f"{MODEL_TYPE!r}. Export a MolmoPoint checkpoint."
        )


def _settings(folder: Path, said: Mapping[str, Any]) -> ExportSettings:
    image, spelled = said["image_processor"], said["processor"]
    before, behind = said["chat"]["image"]
    start, placeholder, between = before.partition(IMAGE_PLACEHOLDER)
    if not placeholder:
        raise CheckpointError(f"the chat template shows no image ({before!r}).")
    settings = ExportSettings(
        folder=folder,
        name=str(said["name"]),
        precision=str(said["precision"]),
        opset=int(said["opset"]),
        config=ModelConfig.of(said["config"]),
        layout=VisionLayout(
            **{name: spelled[name] for name in VisionLayout.__dataclass_fields__ if name in spelled}
        ),
        geometry=Geometry(
            int(image["size"]["height"]),
            int(image["patch_size"]),
            (int(image["pooling_size"][0]), int(image["pooling_size"][1])),
            (int(image["overlap_margins"][0]), int(image["overlap_margins"][1])),
            image["max_crops"],
        ),
        mean=tuple(map(float, image["image_mean"])),
        std=tuple(map(float, image["image_std"])),
        prompts=PromptTemplates.of(said["prompts"]),
        chat=(start, between, behind),
        special_tokens=dict(said["special_tokens"]),
        files={
            name: {"size": int(one["size"]), "sha256": str(one["sha256"])}
            for name, one in said["files"].items()
        },
    )
    needed = (*(f"{name}.onnx" for name in settings.graphs), EMBEDDINGS, TOKENIZER)
    missing = [name for name in needed if name not in settings.files]
    if missing:
        raise CheckpointError(f"it lists no {', '.join(missing)}.")
    return settings


def check_size(folder: Path, name: str, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuses a file that is missing or was cut off.

    Args:
        folder: The exported model.
        name: Name of the file.
        files: What the settings say of it.

    Raises:
        CheckpointError: It is missing, or of another size.
    """
    expected = files[name]["size"]
    try:
        size = (folder / name).stat().st_size
    except OSError as error:
        raise CheckpointError(
            f"{name} of the exported model {str(folder)!r} is missing ({error.strerror}). Copy the whole "
            f"folder, or export it again: {EXPORT}."
        ) from error
    if size != expected:
        raise CheckpointError(
            f"{name} of the exported model {str(folder)!r} has {size} bytes; expected {expected}. It was "
            f"cut off, or is of another export. Copy it again, or export it again: {EXPORT}."
        )
