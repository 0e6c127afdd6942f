"""Images → the arrays MolmoPoint reads, by the settings in ``preprocessor_config.json``. Knows no text.

The arithmetic is in ``tiling``; here are the settings, their file, and batches of images.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers.feature_extraction_utils import BatchFeature

from molmo_act.errors import CheckpointError, InputError
from molmo_act.images import ImageInput, to_rgb
from molmo_act.modeling.checkpoint_files import HUB_OPTIONS
from molmo_act.modeling.processor_settings import (
    BILINEAR,
    need_settings,
    read_settings,
    refuse_unknown_resampling,
    save_settings,
    square_side,
)
from molmo_act.modeling.tiling import ProcessedImage, check_geometry, normalize, preprocess_image


class MolmoPointImageProcessor:
    """Cuts images into one global and up to ``max_crops`` high-res crops of normalised patches.

    Bit-compatible with the released preprocessing on the CPU. Needs no torchvision.

    Args:
        size: ``{"height": c, "width": c}``, the square crop in pixels.
        patch_size: Side of a patch in pixels.
        pooling_size: Rows and columns of patches behind one image token.
        overlap_margins: Patches by which a crop overlaps its neighbours before and after it.
        max_crops: Most high-res crops per image. May be changed at any time.
        image_mean: Mean per channel (red, green, blue), of values in [0, 1].
        image_std: Standard deviation per channel.
        resample: 2, bilinear.
        do_convert_rgb: True; every image is brought to RGB.

    Raises:
        CheckpointError: The settings contradict one another, or ask for what no released model uses.
    """

    config_file = "preprocessor_config.json"
    model_input_names = ["pixel_values", "image_token_pooling", "image_grids", "image_num_crops"]  # noqa: RUF012

    def __init__(
        self,
        size: Mapping[str, int] | None = None,
        patch_size: int = 14,
        pooling_size: Sequence[int] = (2, 2),
        overlap_margins: Sequence[int] = (4, 4),
        max_crops: int = 8,
        image_mean: Sequence[float] = (0.5, 0.5, 0.5),
        image_std: Sequence[float] = (0.5, 0.5, 0.5),
        resample: int = BILINEAR,
        do_convert_rgb: bool = True,
    ) -> None:
        self.size = dict(size or {"height": 378, "width": 378})
        self.patch_size = patch_size
        self.pooling_size = list(pooling_size)
        self.overlap_margins = list(overlap_margins)
        self.max_crops = max_crops
        self.image_mean = list(image_mean)
        self.image_std = list(image_std)
        self.resample = resample
        self.do_convert_rgb = do_convert_rgb
        refuse_unknown_resampling(resample, self.config_file)
        try:
            check_geometry(self.crop_size, patch_size, self.pooling_size, self.overlap_margins)
        except InputError as exc:
            raise CheckpointError(f"{self.config_file}: {exc}") from exc

    @property
    def crop_size(self) -> int:
        """Side of a crop in pixels."""
        return square_side(self.size, self.config_file)

    def preprocess(
        self,
        image: ImageInput,
        *,
        max_crops: int | None = None,
        device: torch.device | str | None = None,
    ) -> ProcessedImage:
        """One image as uint8 patches and index maps.

        Args:
            image: Path, PIL image, array or tensor; see ``molmo_act.images.to_rgb`` for what becomes of grey,
                transparent, 16-bit, rotated and float images.
            max_crops: Overrides the setting.
            device: Where to resize; the CPU if not given.

        Raises:
            ImageError: It cannot be read as a picture.
        """
        return preprocess_image(
            to_rgb(image),
            crop_size=self.crop_size,
            patch_size=self.patch_size,
            pooling=(self.pooling_size[0], self.pooling_size[1]),
            margins=(self.overlap_margins[0], self.overlap_margins[1]),
            max_crops=self.max_crops if max_crops is None else max_crops,
            device=device,
        )

    def __call__(
        self,
        images: ImageInput | Sequence[ImageInput],
        *,
        max_crops: int | None = None,
        device: torch.device | str | None = None,
        return_tensors: str | None = "pt",
    ) -> BatchFeature:
        """Preprocess one image or several.

        Returns:
            The arrays of ``collate``, and with ``return_tensors="np"`` those as numpy arrays.

        Raises:
            ImageError: One of them cannot be read as a picture.
        """
        several: Sequence[Any] = images if isinstance(images, (list, tuple)) else [images]
        processed = [self.preprocess(image, max_crops=max_crops, device=device) for image in several]
        return BatchFeature(self.collate(processed), tensor_type=return_tensors)

    def collate(self, processed: Sequence[ProcessedImage]) -> dict[str, torch.Tensor]:
        """Join images into what the model reads.

        Returns:
            ``pixel_values`` float32 (crops of all images, n², p²·3);
            ``image_token_pooling`` int64 (image tokens, window), patch ids restart at 0 for each image;
            ``image_grids`` int64 (images, 4); ``image_num_crops`` int64 (images,).
        """
        patches = torch.cat([image.patches for image in processed])
        return {
            "pixel_values": normalize(patches, self.image_mean, self.image_std),
            "image_token_pooling": torch.cat([image.token_pooling for image in processed]),
            "image_grids": torch.stack([image.grid for image in processed]),
            "image_num_crops": torch.tensor([image.num_crops for image in processed]),
        }

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike[str], **options: Any) -> MolmoPointImageProcessor:
        """Read the settings of a checkpoint.

        Args:
            source: Folder or hub name.
            options: Where files come from (``HUB_OPTIONS``), and settings to override.

        Raises:
            CheckpointError: The file is missing, damaged, or of another kind of processor.
        """
        hub = {key: options.pop(key) for key in HUB_OPTIONS if key in options}
        settings = read_settings(source, cls.config_file, "image_processor", **hub)
        return cls.from_dict({**settings, **options})

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> MolmoPointImageProcessor:
        """Build from the content of ``preprocessor_config.json``.

        Raises:
            CheckpointError: It is of another kind of processor or lacks a setting.
        """
        names = ("size", "patch_size", "pooling_size", "overlap_margins", "max_crops")
        need_settings(settings, names, "image_processor_type", "Molmo2ImageProcessor", cls.config_file)
        optional = [
            name for name in ("image_mean", "image_std", "resample") if settings.get(name) is not None
        ]
        return cls(**{name: settings[name] for name in (*names, *optional)})

    def to_dict(self) -> dict[str, Any]:
        """The content of ``preprocessor_config.json``, with the class name that released code looks for."""
        return {**self.__dict__, "image_processor_type": "Molmo2ImageProcessor"}

    def save_pretrained(self, folder: str | os.PathLike[str]) -> list[str]:
        """Write ``preprocessor_config.json`` into a folder and return its path."""
        return save_settings(self, folder)
