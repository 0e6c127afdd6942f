"""Writes models as checkpoints in the released format, and makes the processor of a new one; knows no run."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from transformers import PreTrainedTokenizerFast

from model.data.encode import Geometry
from molmo_act.modeling import MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.modeling.image_processing import MolmoPointImageProcessor
from molmo_act.modeling.video_processing import MolmoPointVideoProcessor

TEMPLATE = Path(__file__).with_name("chat_template.jinja")
VIDEO_POOLING = [3, 3]


def make_processor(tokenizer: PreTrainedTokenizerFast, geometry: Geometry) -> MolmoPointProcessor:
    """The processor that cuts pictures as training did."""
    side = {"height": geometry.crop_size, "width": geometry.crop_size}
    images = MolmoPointImageProcessor(
        size=side,
        patch_size=geometry.patch_size,
        pooling_size=list(geometry.pooling),
        overlap_margins=list(geometry.margins),
        max_crops=geometry.max_crops,
    )
    videos = MolmoPointVideoProcessor(size=side, patch_size=geometry.patch_size, pooling_size=VIDEO_POOLING)
    return MolmoPointProcessor(images, videos, tokenizer, chat_template=TEMPLATE.read_text(encoding="utf-8"))


def write_checkpoint(
    model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor, out: Path
) -> None:
    """Writes a checkpoint beside its place, then moves its files there; files with other names stay.

    Args:
        model: Stored as it is.
        processor: Saved with it.
        out: Folder of the checkpoint.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        partial = Path(folder)
        model.save_pretrained(partial)
        processor.save_pretrained(partial)
        out.mkdir(exist_ok=True)
        for path in partial.iterdir():
            shutil.move(path, out / path.name)
