"""Images → the arrays Molmo 1 reads, by the settings in its ``preprocessor_config.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from molmo_act.errors import CheckpointError, InputError
from molmo_act.formats.crop_geometry import check_max_crops
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.models.molmo.padded_crops import PaddedImage, pad_image
from molmo_act.models.molmo_point.image_processing_molmo_point import MolmoPointImageProcessor
from molmo_act.models.molmo_point.processor_settings import whole_numbers
from molmo_act.validation import check_int

if TYPE_CHECKING:
    from typing_extensions import Self

    from molmo_act.models.molmo_point.tiling import ProcessedImage

_RELEASED = ("base_image_input_size", "image_patch_size", "image_token_length_h", "image_token_length_w")
_ALWAYS = ("do_normalize", "image_padding_mask")
"""Settings that are true in all released files."""


class MolmoImageProcessor(MolmoPointImageProcessor):
    """Cuts images into an overview and up to ``max_crops`` high-res crops of normalised patches.

    Bit-compatible with the released preprocessing on the CPU. Needs no torchvision. A file holds the settings
    under their released names, such as ``base_image_input_size``.

    Args:
        settings: See ``MolmoPointImageProcessor``. Crops and margins are whole numbers of pooling windows.
    """

    kind = "MolmoImageProcessor"
    model_input_names: ClassVar = [*MolmoPointImageProcessor.model_input_names, "image_masks"]

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        extents = (self.geometry.side, *self.overlap_margins)
        with self.named_in_errors():
            if any(extent % window for extent in extents for window in self.pooling_size):
                raise InputError(
                    f"crops of {extents[0]} patches with margins {self.overlap_margins} are not whole "
                    f"windows of {self.pooling_size} patches."
                )

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Builds a processor from the content of its settings file.

        Args:
            settings: Names and values; those that no processor reads are left out.

        Returns:
            A processor with these settings.

        Raises:
            CheckpointError: They are of another kind of processor, one is missing, or says what no released
                model uses.
        """
        missing = [name for name in _RELEASED if settings.get(name) is None]
        if missing and settings.get("image_processor_type", cls.kind) == cls.kind:
            raise CheckpointError(
                f"{cls.config_file} does not say {', '.join(missing)}; expected the settings of a {cls.kind}."
            )
        for name in _ALWAYS:
            if settings.get(name) not in (None, True):
                raise CheckpointError(
                    f"{cls.config_file} says {name!r}: {settings[name]!r}; expected true, as in all released "
                    "files. Fetch it again."
                )
        if missing:
            return super().from_dict(settings)  # which says what it is of
        with cls.named_in_errors():
            height, width = whole_numbers(_RELEASED[0], settings[_RELEASED[0]], 2)
            patch, *lengths = (check_int(name, settings[name]) for name in _RELEASED[1:])
        own = {
            "size": {"height": height, "width": width},
            "patch_size": patch,
            "pooling_size": [max(1, height // patch // length) for length in lengths],
        }
        made = super().from_dict({**settings, **own})
        if any(
            length * pool != made.geometry.side
            for length, pool in zip(lengths, made.pooling_size, strict=True)
        ):
            raise CheckpointError(
                f"{cls.config_file} says that a crop of {made.geometry.side} patches has {lengths} tokens; "
                "expected a divisor."
            )
        return made

    def to_dict(self) -> dict[str, object]:
        """Writes the settings as released code reads them.

        Returns:
            The content of the settings file.
        """
        rows, columns = (self.geometry.side // pool for pool in self.pooling_size)
        values = (list(self.size.values()), self.patch_size, rows, columns)
        return {
            **dict(zip(_RELEASED, values, strict=True)),
            **dict.fromkeys(_ALWAYS, True),
            "image_mean": self.image_mean,
            "image_std": self.image_std,
            "max_crops": self.max_crops,
            "overlap_margins": self.overlap_margins,
            "image_processor_type": self.kind,
        }

    def preprocess(
        self,
        image: ImageInput,
        *,
        max_crops: int | None = None,
        device: torch.device | str | None = None,
    ) -> PaddedImage:
        """One image as normalised patches, masks and index maps.

        Args:
            image: See ``MolmoPointImageProcessor.preprocess``.
            max_crops: Overrides the setting.
            device: Where to resize; the CPU if not given.

        Returns:
            The image, cut.

        Raises:
            ImageError: It cannot be read as an image, or is too thin.
            InputError: ``max_crops`` is no whole number from 1 to ``MAX_CROPS``.
        """
        check_max_crops(max_crops)
        geometry = self.geometry if max_crops is None else replace(self.geometry, max_crops=max_crops)
        return pad_image(to_rgb(image), geometry, self.image_mean, self.image_std, device=device)

    def collate(self, processed: Sequence[ProcessedImage]) -> dict[str, torch.Tensor]:
        """Join images into what the model reads.

        Args:
            processed: Images, cut.

        Returns:
            What ``MolmoPointImageProcessor.collate`` gives, and ``image_masks`` float32 (crops of all images,
            n²), see ``PaddedImage``.
        """
        images = [image for image in processed if isinstance(image, PaddedImage)]
        return {
            "pixel_values": torch.cat([image.patches for image in images]),
            "image_token_pooling": torch.cat([image.token_pooling for image in images]),
            "image_grids": torch.stack([image.grid for image in images]),
            "image_num_crops": torch.tensor([image.num_crops for image in images]),
            "image_masks": torch.cat([image.masks for image in images]),
        }
