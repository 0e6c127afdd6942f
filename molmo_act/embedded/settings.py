"""Reads what an exported model says of itself, and refuses folders that hold something else.

`SETTINGS` is the file that makes a folder an exported model. Sizes of all files are compared with what it
says; their contents only where something fails, or when a caller asks, since reading gigabytes takes long.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from molmo_act.embedded.config import ModelConfig
from molmo_act.embedded.stated import LEAST, Stated, check_text
from molmo_act.errors import CheckpointError, InputError
from molmo_act.formats.crop_geometry import MAX_CROPS, Geometry
from molmo_act.formats.exported import SETTINGS
from molmo_act.formats.prompt_templates import PromptTemplates
from molmo_act.formats.vision_tokens import IMAGE_PLACEHOLDER, VisionLayout
from molmo_act.quantization.export_report import PRECISIONS

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
BILINEAR = 2
"""What ``resample`` says, PIL's number; images are resized in no other way."""
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
            try:
                digest = _digest(self.folder / name)
            except OSError as error:
                raise CheckpointError(
                    f"{name} of the exported model {str(self.folder)!r} cannot be read ({error.strerror}). "
                    "Check the permissions of it and its folder."
                ) from error
            if digest != self.files[name]["sha256"]:
                raise CheckpointError(
                    f"{name} of the exported model {str(self.folder)!r} is damaged: its contents are not "
                    f"those that were written. Copy it again, or export it again: {EXPORT}."
                )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(2**20):
            digest.update(part)
    return digest.hexdigest()


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
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, numbers or nesting without end
        raise CheckpointError(f"{path} is no JSON of settings ({error}). {AGAIN}") from error
    _check_kind(folder, said)
    try:
        settings = _settings(folder, Stated(said))
    except (InputError, CheckpointError) as error:
        raise CheckpointError(f"{path}: {error} {AGAIN}") from error
    for name in settings.files:
        check_size(folder, name, settings.files)
    return settings


def _check_kind(folder: Path, said: Mapping[str, Any]) -> None:
    if type(said.get("format")) is not int or said["format"] != FORMAT:
        raise CheckpointError(
            f"The exported model {str(folder)!r} is of format {said.get('format')!r:.60}; this molmo_act "
            f"reads format {FORMAT}. Export it with this version of molmo_act, or install the one that wrote "
            f"it ({said.get('molmo_act')!r:.60})."
        )
    if said.get("model_type") != MODEL_TYPE:
        raise CheckpointError(
            f"The exported model {str(folder)!r} is of model type {said.get('model_type')!r:.60}; expected "
            f"{MODEL_TYPE!r}. Export a MolmoPoint checkpoint."
        )


def _settings(folder: Path, stated: Stated) -> ExportSettings:
    settings = ExportSettings(
        folder=folder,
        name=stated.text("name"),
        precision=stated.choice("precision", PRECISIONS),
        opset=stated.whole("opset"),
        config=ModelConfig.of(stated.part("config").said),
        layout=_layout(stated.part("processor")),
        **_image_settings(stated.part("image_processor")),
        prompts=PromptTemplates.of(stated.value("prompts")),
        chat=_chat(stated.part("chat")),
        special_tokens=_special_tokens(stated.part("special_tokens")),
        files=_files(stated.part("files")),
    )
    needed = (*(f"{name}.onnx" for name in settings.graphs), EMBEDDINGS, TOKENIZER)
    missing = [name for name in needed if name not in settings.files]
    if missing:
        raise InputError(f"it lists no {', '.join(missing)}.")
    return settings


def _layout(said: Stated) -> VisionLayout:
    names = [name for name in VisionLayout.__dataclass_fields__ if name in said.said]
    inherits = "use_single_crop_col_tokens"  # whose None means: as for the canvas
    flags = {
        name: None if name == inherits and said.said[name] is None else said.flag(name) for name in names
    }
    return VisionLayout(**flags)  # type: ignore[arg-type]  # None for that one alone


def _image_settings(said: Stated) -> dict[str, Any]:
    """How images are cut, and what is done to their pixels."""
    size = said.part("size")
    height, width = size.whole("height"), size.whole("width")
    if height != width:
        raise InputError(f"{size.name} is {height} × {width}; expected as much of both.")
    if said.whole("resample", least=0) != BILINEAR:
        raise InputError(
            f"{said.place('resample')} is {said.value('resample')}; expected {BILINEAR}, bilinear."
        )
    rows, columns = said.wholes("pooling_size", 2)
    before, behind = said.wholes("overlap_margins", 2, least=0)
    patch, most = said.whole("patch_size"), said.whole("max_crops", most=MAX_CROPS)
    return {
        "geometry": Geometry(height, patch, (rows, columns), (before, behind), most),
        "mean": tuple(said.numbers("image_mean", 3)),
        "std": tuple(said.numbers("image_std", 3, least=LEAST)),
    }


def _chat(said: Stated) -> tuple[str, str, str]:
    before, behind = (check_text(said.place("image"), text) for text in said.items("image", 2))
    start, placeholder, between = before.partition(IMAGE_PLACEHOLDER)
    if not placeholder or IMAGE_PLACEHOLDER in between + behind:
        raise InputError(f"the chat template shows no image, or several ({before!r}).")
    return start, between, behind


def _special_tokens(said: Stated) -> dict[str, str | None]:
    names = ("bos_token", "eos_token", "pad_token")
    return {name: None if said.said.get(name) is None else said.text(name) for name in names}


def _files(said: Stated) -> dict[str, dict[str, Any]]:
    for name in said.said:
        if name in ("", ".", "..") or "\0" in name or name != Path(check_text("files", name)).name:
            raise InputError(f"it lists a file {name!r}; expected names of files in its own folder.")
    listed = {name: said.part(name) for name in said.said}
    return {
        name: {"size": one.whole("size", least=0, most=2**63), "sha256": one.text("sha256")}
        for name, one in listed.items()
    }


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
        found = (folder / name).stat()
    except OSError as error:
        raise CheckpointError(
            f"{name} of the exported model {str(folder)!r} is missing ({error.strerror}). Copy the whole "
            f"folder, or export it again: {EXPORT}."
        ) from error
    if not stat.S_ISREG(found.st_mode):
        raise CheckpointError(
            f"{name} of the exported model {str(folder)!r} is no file. Copy the whole folder again, or "
            f"export it again: {EXPORT}."
        )
    if found.st_size != expected:
        raise CheckpointError(
            f"{name} of the exported model {str(folder)!r} has {found.st_size} bytes; expected {expected}. "
            f"It was cut off, or is of another export. Copy it again, or export it again: {EXPORT}."
        )
