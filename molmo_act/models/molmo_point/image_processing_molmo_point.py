"""Images → the arrays MolmoPoint reads, by the settings in ``preprocessor_config.json``.

The arithmetic is in ``tiling``; here are the settings and batches of images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from transformers.feature_extraction_utils import BatchFeature

from molmo_act.formats.crop_geometry import MAX_CROPS, Geometry, check_max_crops
from molmo_act.io.image import ImageInput, to_rgb
from molmo_act.models.molmo_point.processor_settings import BILINEAR, ProcessorSettings, whole_numbers
from molmo_act.models.molmo_point.tiling import ProcessedImage, normalize, preprocess_image
from molmo_act.validation import check_int


class MolmoPointImageProcessor(ProcessorSettings):
    """Cuts images into one global and up to ``max_crops`` high-res crops of normalised patches.

    Bit-compatible with the released preprocessing on the CPU. Needs no torchvision.

    Args:
        overlap_margins: Patches by which a crop overlaps its neighbours before and after it.
        max_crops: Most high-res crops per image. May be changed at any time.
        do_convert_rgb: True; every image is brought to RGB.
        size, patch_size, pooling_size, image_mean, image_std, resample: See ``ProcessorSettings``.
    """

    config_file = "preprocessor_config.json"
    section = "image_processor"
    kind = "Molmo2ImageProcessor"
    required = (*ProcessorSettings.required, "overlap_margins", "max_crops")
    model_input_names: ClassVar[list[str]] = [
        "pixel_values",
        "image_token_pooling",
        "image_grids",
        "image_num_crops",
    ]

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
        super().__init__(size, patch_size, pooling_size, image_mean, image_std, resample)
        with self.named_in_errors():
            self.overlap_margins = whole_numbers("overlap_margins", overlap_margins, 2, least=0)
            self.max_crops = check_int("max_crops", max_crops, most=MAX_CROPS)
        self.do_convert_rgb = do_convert_rgb
        self.check_geometry()

    @property
    def geometry(self) -> Geometry:
        """How an image is cut by these settings."""
        before, after = self.overlap_margins
        return replace(super().geometry, margins=(before, after), max_crops=self.max_crops)

    def preprocess(
        self,
        image: ImageInput,
        *,
        max_crops: int | None = None,
        device: torch.device | str | None = None,
    ) -> ProcessedImage:
        """One image as uint8 patches and index maps.

        Args:
            image: Path, PIL image, array or tensor; see ``molmo_act.io.image.to_rgb`` for what becomes of
                grey, transparent, 16-bit, rotated and float images.
            max_crops: Overrides the setting.
            device: Where to resize; the CPU if not given.

        Returns:
            The image, cut.

        Raises:
            ImageError: It cannot be read as an image.
            InputError: ``max_crops`` is no whole number from 1 to ``MAX_CROPS``.
        """
        check_max_crops(max_crops)
        geometry = self.geometry if max_crops is None else replace(self.geometry, max_crops=max_crops)
        return preprocess_image(to_rgb(image), geometry, device=device)

    def __call__(
        self,
        images: ImageInput | Sequence[ImageInput],
        *,
        max_crops: int | None = None,
        device: torch.device | str | None = None,
        return_tensors: str | None = "pt",
    ) -> BatchFeature:
        """Preprocess one image or several.

        Args:
            images: One image or a list, see ``preprocess``.
            max_crops: Overrides the setting.
            device: Where to resize; the CPU if not given.
            return_tensors: "pt" for torch, "np" for numpy.

        Returns:
            The arrays of ``collate``.

        Raises:
            ImageError: One of them cannot be read as an image.
        """
        several: Sequence[Any] = images if isinstance(images, (list, tuple)) else [images]
        processed = [self.preprocess(image, max_crops=max_crops, device=device) for image in several]
        return BatchFeature(self.collate(processed), tensor_type=return_tensors)

    def collate(self, processed: Sequence[ProcessedImage]) -> dict[str, torch.Tensor]:
        """Join images into what the model reads.

        Args:
            processed: Images, cut.

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
