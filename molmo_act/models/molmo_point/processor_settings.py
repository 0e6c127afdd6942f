"""What image and video processors share: their settings, how these are checked, and their files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from molmo_act.errors import CheckpointError, InputError
from molmo_act.formats.crop_geometry import Geometry
from molmo_act.models.checkpoint_files import HUB_OPTIONS, find_file, need_file, read_json, write_json
from molmo_act.validation import check_int, check_number, wrong

if TYPE_CHECKING:
    from typing_extensions import Self

BILINEAR = 2
"""What ``resample`` says in the released files (PIL's number); no released model used anything else."""


def whole_numbers(name: str, values: object, count: int, *, least: int = 1) -> list[int]:
    """Checks a setting that is a list of whole numbers.

    Args:
        name: What the file calls it.
        values: What it says.
        count: How many there must be.
        least: The smallest that is accepted.

    Returns:
        The numbers.

    Raises:
        InputError: They are something else.
    """
    if not isinstance(values, (list, tuple)) or len(values) != count:
        raise wrong(name, values, f"{count} whole numbers")
    return [check_int(name, value, least=least) for value in values]


def _channels(name: str, values: object, *, above: float | None = None) -> list[float]:
    """A number for each of red, green and blue; what is whole stays whole in the file."""
    if not isinstance(values, (list, tuple)) or len(values) != 3:
        raise wrong(name, values, "3 numbers, for red, green and blue")
    for value in values:
        check_number(name, value, above=above)
    return list(values)


def _square(size: object) -> dict[str, int]:
    sides = size if isinstance(size, Mapping) else {}
    try:
        height, width = (check_int("size", sides.get(side)) for side in ("height", "width"))
    except InputError as exc:
        raise wrong("size", size, "height and width in pixels, as whole numbers") from exc
    if height != width:
        raise wrong("size", dict(sides), "the same whole number as height and width")
    return dict(sides)


class ProcessorSettings:
    """Base of the processors: settings that both have, read from and written to a file of each one's own.

    Args:
        size: ``{"height": c, "width": c}``, the square crop in pixels; 378 × 378 unless given.
        patch_size: Side of a patch in pixels.
        pooling_size: Rows and columns of patches behind one token.
        image_mean: Mean per channel (red, green, blue), of values in [0, 1].
        image_std: Standard deviation per channel.
        resample: 2, bilinear.

    Raises:
        CheckpointError: The settings contradict one another, or ask for what no released model uses.
    """

    model_input_names: ClassVar[list[str]]
    """Names of the arrays that a model is given."""
    config_file: ClassVar[str]
    """Name of the settings file in a checkpoint."""
    section: ClassVar[str]
    """Name of the same settings in the ``processor_config.json`` of transformers 5."""
    kind: ClassVar[str]
    """Name by which the file says, under the name of the section and ``_type``, whose settings it holds."""
    required: ClassVar[tuple[str, ...]] = ("size", "patch_size", "pooling_size")
    """Settings that the file must have."""
    optional: ClassVar[tuple[str, ...]] = ("image_mean", "image_std", "resample")
    """Settings that the file may have."""

    def __init__(
        self,
        size: Mapping[str, int] | None,
        patch_size: int,
        pooling_size: Sequence[int],
        image_mean: Sequence[float],
        image_std: Sequence[float],
        resample: int,
    ) -> None:
        with self.named_in_errors():
            self.size = _square({"height": 378, "width": 378} if size is None else size)
            self.patch_size = check_int("patch_size", patch_size)
            self.pooling_size = whole_numbers("pooling_size", pooling_size, 2)
            self.image_mean = _channels("image_mean", image_mean)
            self.image_std = _channels("image_std", image_std, above=0)
            self.resample = check_int("resample", resample)
            if resample != BILINEAR:
                raise InputError(f"resample is {resample}; expected {BILINEAR} (bilinear), as in all models.")

    @property
    def crop_size(self) -> int:
        """Side of a crop in pixels."""
        return self.size["height"]

    @property
    def geometry(self) -> Geometry:
        """How an image is cut by these settings: into a single crop."""
        rows, columns = self.pooling_size
        return Geometry(self.crop_size, self.patch_size, (rows, columns), margins=(0, 0), max_crops=1)

    def check_geometry(self) -> None:
        """Refuses settings that contradict one another.

        Raises:
            CheckpointError: Naming the file and the setting.
        """
        with self.named_in_errors():
            _ = self.geometry

    @classmethod
    @contextmanager
    def named_in_errors(cls) -> Iterator[None]:
        """Turns errors of arguments into those of the settings file.

        Raises:
            CheckpointError: Naming the file, for an `InputError` of the block.
        """
        try:
            yield
        except InputError as exc:
            raise CheckpointError(f"{cls.config_file}: {exc}") from exc

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike[str], **options: Any) -> Self:
        """Reads the settings of a checkpoint.

        transformers 5 writes them as a section of ``processor_config.json``, earlier versions as a file of
        their own; the section wins, as in transformers.

        Args:
            source: Folder or hub name.
            options: Where files come from (``HUB_OPTIONS``), and settings to override.

        Returns:
            A processor with these settings.

        Raises:
            CheckpointError: The file is missing, damaged, or of another kind of processor.
        """
        hub = {key: options.pop(key) for key in HUB_OPTIONS if key in options}
        combined = find_file(source, "processor_config.json", **hub)
        settings = None if combined is None else read_json(combined).get(cls.section)
        if not isinstance(settings, dict):
            settings = read_json(need_file(source, cls.config_file, **hub))
        return cls.from_dict({**settings, **options})

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Builds a processor from the content of its settings file.

        Args:
            settings: Names and values; those that no processor reads are left out.

        Returns:
            A processor with these settings.

        Raises:
            CheckpointError: They are of another kind of processor, or one is missing.
        """
        key, kind = f"{cls.section}_type", cls.kind
        if settings.get(key, kind) != kind:
            raise CheckpointError(
                f"{cls.config_file}: {key} is {settings[key]!r:.100}; expected {kind!r}. "
                "Is it another model's file?"
            )
        missing = [name for name in cls.required if settings.get(name) is None]
        if missing:
            raise CheckpointError(
                f"{cls.config_file} does not say {', '.join(missing)}; expected the settings of a {kind}."
            )
        optional = [name for name in cls.optional if settings.get(name) is not None]
        return cls(**{name: settings[name] for name in (*cls.required, *optional)})

    def to_dict(self) -> dict[str, object]:
        """Writes the settings as released code reads them.

        Returns:
            The content of the settings file, with the class name that released code looks for.
        """
        return {**vars(self), f"{self.section}_type": self.kind}

    def save_pretrained(self, folder: str | os.PathLike[str]) -> list[str]:
        """Writes the settings file.

        Args:
            folder: Created if it does not exist.

        Returns:
            The path of the file, in a list.
        """
        path = Path(folder) / self.config_file
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, self.to_dict())
        return [str(path)]
