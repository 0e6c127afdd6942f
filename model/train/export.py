"""Writes a run's model as a checkpoint in the released format: `python -m model.train.export`.

All or nothing: the checkpoint is written beside its place and then moved there.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerFast

from model.data.encode import Geometry
from model.train.nano_config import GEOMETRY, nano_config
from model.train.run_state import load_run
from molmo_act.modeling import MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.modeling.image_processing import MolmoPointImageProcessor
from molmo_act.modeling.video_processing import MolmoPointVideoProcessor

TEMPLATE = Path(__file__).with_name("chat_template.jinja")
VIDEO_POOLING = [3, 3]


def make_processor(tokenizer: PreTrainedTokenizerFast, geometry: Geometry = GEOMETRY) -> MolmoPointProcessor:
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


def export(run: Path, out: Path, dtype: torch.dtype = torch.bfloat16) -> None:
    """Writes weights, configuration and processor files; files of `out` with other names stay.

    Args:
        run: Folder of a training run.
        out: Folder of the checkpoint.
        dtype: Of the stored weights.
    """
    tokenizer = PreTrainedTokenizerFast.from_pretrained(run / "tokenizer")
    model = MolmoPointForConditionalGeneration(nano_config(tokenizer))
    load_run(run, model, [])
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    write_checkpoint(model.to(dtype), make_processor(tokenizer), out)


def write_checkpoint(
    model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor, out: Path
) -> None:
    """Writes a checkpoint beside its place and moves it there; files with other names stay.

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


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, default=Path("runs/nano"))
    parser.add_argument("--out", type=Path, default=Path("molmo_act/checkpoints/nano"))
    args = parser.parse_args()
    export(args.run, args.out)
    size = sum(path.stat().st_size for path in args.out.iterdir())
    print(f"{args.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
