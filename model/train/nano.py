"""Trains nano, the bundled checkpoint, from scratch: `python -m model.train.nano --run runs/nano`.

Resumable: stopped at any moment, the same command goes on from the last save. `python -m model.train.export`
writes the checkpoint in the released format. Needs the pictures, icons and words of `model/data/README.md`.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from model.data.scene_assets import load_library
from model.data.scenes import draw_scene
from model.data.screens import draw_screen
from model.train.attention import use_plain_attention
from model.train.nano_config import GEOMETRY, nano_config
from model.train.nano_tokenizer import train_tokenizer
from model.train.objective import Losses, tree_losses
from model.train.optimizers import make_optimizers, set_learning_rate, warmup_stable_decay
from model.train.positions import place_patches
from model.train.run_state import Progress, load_run, save_run
from model.train.sheet_lesson import SheetBatch, SheetLosses, sheet_losses
from model.train.stopping import stop_requests
from model.train.stream import Batch, BatchStream, Curriculum, StreamConfig, loader, make_curriculum
from model.train.training_log import TrainingLog
from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration

MEASURES = [field.name for kind in (Losses, SheetLosses) for field in fields(kind)]


@dataclass(frozen=True)
class NanoRecipe:
    """Everything that decides a run.

    Attributes:
        steps: Length of the run; may be changed at a resume, the schedule is flat in the middle.
        sheets_until: Step up to which only sheets of names are shown: to see comes before to point.
        review_every: One batch in so many of the rest shows sheets again.
        learning_rate: At its highest, for all parameters.
        vision_rate: What that of the vision tower is multiplied by once pointing begins, so that it does not
            forget how to read.
        warmup: Steps of linear warm-up.
        decay: Share of the run, at its end, over which the learning rate falls to zero.
        small_until: Step up to which only small pictures are shown.
        crops_per_batch: About how many crops a batch of pictures holds.
        sheets_per_batch: How many crops a batch of sheets holds.
        plain: Share of plain pictures, a few buttons or shapes only, when pointing begins.
        least_plain: Their share from `small_until` on.
        pages: Share of the other screens that are cut from pages that `model.data.html_screens` rendered.
        pages_folder: Where these lie; both splits are needed.
        weight_decay: Of the matrices of hidden layers.
        clip: Largest norm of the gradient.
        seed: Of weights and data.
        tokenizer_pictures: Pictures of each kind whose words the tokenizer is made from.
    """

    steps: int = 14000
    sheets_until: int = 7000
    review_every: int = 4
    learning_rate: float = 1e-3
    vision_rate: float = 0.3
    warmup: int = 150
    decay: float = 0.25
    small_until: int = 11000
    crops_per_batch: int = 16
    sheets_per_batch: int = 16
    plain: float = 0.8
    least_plain: float = 0.15
    pages: float = 0.0
    pages_folder: str = StreamConfig.pages_folder
    weight_decay: float = 0.05
    clip: float = 1.0
    seed: int = 0
    tokenizer_pictures: int = 2000

    def stream(self) -> StreamConfig:
        """What is shown."""
        shared = {field.name for field in fields(self)} & {field.name for field in fields(StreamConfig)}
        return StreamConfig(**{name: getattr(self, name) for name in shared})


def make_tokenizer(recipe: NanoRecipe, folder: Path) -> PreTrainedTokenizerBase:
    """The run's tokenizer; made once, from the words of pictures drawn for it, then read back."""
    if (folder / "tokenizer.json").exists():
        return PreTrainedTokenizerFast.from_pretrained(folder)
    rng = np.random.default_rng([recipe.seed, 2**31])
    library = load_library("train")
    texts: list[str] = []
    for _ in tqdm(range(recipe.tokenizer_pictures), desc="words", unit="picture"):
        for picture in (draw_screen(rng, 320, 320), draw_scene(rng, 320, 320, library)):
            texts += [f"<|im_start|>user\nPoint to {query.text}" for query in picture.queries]
            texts += [query.label for query in picture.queries]
    tokenizer = train_tokenizer(texts)
    tokenizer.save_pretrained(folder)
    return tokenizer


class Run:
    """One training run in its folder: model, optimisers, data and log."""

    def __init__(self, recipe: NanoRecipe, folder: Path, device: str) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.folder, self.device = recipe, folder, device
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer = make_tokenizer(recipe, folder / "tokenizer")
        self.config = nano_config(self.tokenizer)
        self.model = MolmoPointForConditionalGeneration(self.config).to(device)
        place_patches(self.model.model.vision_tower)
        if device == "cpu":
            use_plain_attention(self.model)
        self.optimizers = make_optimizers(self.model, recipe.learning_rate, recipe.weight_decay)
        self.progress = load_run(folder, self.model, self.optimizers)

    def curriculum(self, config: StreamConfig) -> Curriculum:
        """Lessons for this run's model."""
        return make_curriculum(config, self.config, self.tokenizer, GEOMETRY)

    def losses(self, batch: Batch) -> Losses | SheetLosses:
        """Losses of one batch in mixed precision."""
        with torch.autocast(self.device.split(":")[0], torch.bfloat16):
            if isinstance(batch, SheetBatch):
                return sheet_losses(self.model, batch.to(self.device))
            return tree_losses(self.model, batch.to(self.device))

    def step(self, batch: Batch) -> Losses | SheetLosses:
        """One step of the optimisers."""
        recipe = self.recipe
        factor = warmup_stable_decay(self.progress.step, recipe.steps, recipe.warmup, recipe.decay)
        vision = recipe.vision_rate if self.progress.step >= recipe.sheets_until else 1.0
        set_learning_rate(self.optimizers, recipe.learning_rate * factor, vision)
        losses = self.losses(batch)
        if not torch.isfinite(losses.total):
            raise FloatingPointError(f"The loss of step {self.progress.step} is not finite.")
        losses.total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        return losses

    def train(self, workers: int, eval_every: int = 500, save_every: int = 200) -> None:
        """Trains up to the recipe's last step, or until SIGINT or SIGTERM; saves either way."""
        held_out = self._held_out()
        log = TrainingLog(self.folder / "log.csv", MEASURES)
        stream = BatchStream(self.curriculum(self.recipe.stream()), self.progress.step)
        batches = iter(loader(stream, workers))
        bar = tqdm(total=self.recipe.steps, initial=self.progress.step, unit="step", smoothing=0.02)
        with stop_requests() as asked:
            while self.progress.step < self.recipe.steps and not asked():
                began = time.perf_counter()
                batch = next(batches)
                losses = self.step(batch)
                self._advance(batch, time.perf_counter() - began)
                bar.update()
                log.add("train", losses)
                step = self.progress.step
                if step % 50 == 0:
                    bar.set_postfix(log.write("train", self.progress))
                if step % eval_every == 0 or step == self.recipe.steps:
                    self._evaluate(held_out, log)
                if step % save_every == 0:
                    save_run(self.folder, self.model, self.optimizers, self.progress)
            save_run(self.folder, self.model, self.optimizers, self.progress)

    def _advance(self, batch: Batch, seconds: float) -> None:
        done = self.progress
        if isinstance(batch, SheetBatch):
            shown, asked = len(batch.patches), 0
        else:
            shown, asked = len(batch.picture_BI), int((batch.branch_RL.diff() != 0).sum())
        self.progress = Progress(
            step=done.step + 1,
            seconds=done.seconds + seconds,
            pictures=done.pictures + shown,
            queries=done.queries + asked,
        )

    def _held_out(self) -> dict[str, list[Batch]]:
        """A few batches of each kind with fonts, icons and drawings that training never shows."""
        shown = StreamConfig(seed=self.recipe.seed + 1, split="eval", crops_per_batch=18, small_until=12)
        kinds = {
            "sheets": replace(shown, sheets_until=12),
            "plain windows": replace(shown, screens=1.0, plain=1.0, least_plain=1.0),
            "screens": replace(shown, screens=1.0),
            "scenes": replace(shown, screens=0.0),
        }
        if self.recipe.pages:
            kinds["pages"] = replace(shown, screens=1.0, pages=1.0, pages_folder=self.recipe.pages_folder)
        lessons = {kind: self.curriculum(config) for kind, config in kinds.items()}
        return {kind: [lesson.draw(k) for k in range(12)] for kind, lesson in lessons.items()}

    @torch.no_grad()
    def _evaluate(self, held_out: dict[str, list[Batch]], log: TrainingLog) -> None:
        self.model.eval()
        for kind, batches in held_out.items():
            for batch in batches:
                log.add(kind, self.losses(batch))
            log.write(kind, self.progress)
        self.model.train()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, default=Path("runs/nano"), help="folder of the run")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw pictures")
    parser.add_argument(
        "--threads", type=int, default=torch.get_num_threads(), help="threads of the model on CPU"
    )
    for field in fields(NanoRecipe):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default
        )
    args = parser.parse_args()
    recipe = NanoRecipe(**{f.name: getattr(args, f.name) for f in fields(NanoRecipe)})
    run = Run(recipe, args.run, args.device)
    (args.run / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n")
    torch.set_num_threads(args.threads)
    run.train(args.workers)


if __name__ == "__main__":
    main()
