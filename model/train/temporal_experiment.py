"""What earlier frames are worth to nano: `python -m model.train.temporal_experiment`, see EXPERIMENTS.md.

VideoMolmo's temporal module (arXiv 2506.05336) at nano's size: no earlier frames at all, cross-attention to
the mean of 1, 2 and 4 of them, and of 4 by addition and by concatenation. All arms start from the bundled
nano, learn the same drawn clips in the same order, and are asked about the same clips they never saw. The
vision tower is frozen, so that it looks at every frame once for all of them. Prints tables, writes results.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from model.benchmarks.machine import about
from model.benchmarks.stream import new_figure
from model.data.clips import Clip, ClipFrame, ClipSettings
from model.data.encode import TreeEncoder
from model.data.mask_points import centre_of_largest
from model.data.sample import Picture, Query, Target
from model.evaluation.tracking import score_answers
from model.evaluation.tracking_metrics import WANTED_SHARE
from model.train.attention import use_plain_attention
from model.train.batch import TreeBatch, collate
from model.train.nano_config import GEOMETRY
from model.train.optimizers import cosine
from model.train.tree_objective import TreeLosses, tree_losses
from molmo_act.api import NANO
from molmo_act.modeling import MolmoPointConfig, MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.modeling.core import Views
from molmo_act.modeling.tiling import normalize
from molmo_act.pointing_model import PointingModel

TRAIN_SEED, HELD_OUT_SEED = 7_000_001, 8_000_001
FPS = 5.0  # frames a second, as often as the tracker has a model look
FRAMES = 6  # of a clip that is learned from or looked at
ARMS: dict[str, tuple[str | None, int]] = {
    "l = 0": (None, 4),
    "attention, l = 1": ("attention", 1),
    "attention, l = 2": ("attention", 2),
    "attention, l = 4": ("attention", 4),
    "addition, l = 4": ("addition", 4),
    "concatenation, l = 4": ("concatenation", 4),
}
"""Kind of the module and number of earlier frames."""
COLOURS = ("#888888", "#9db7f2", "#6a8de8", "#2f5bd0", "#e6194b", "#3cb44b")


Measured = dict[str, dict[str, list[float]]]
"""Of every arm every measure, clip by clip."""


@dataclass(frozen=True)
class Rates:
    """How an arm learns; the vision tower does not.

    Attributes:
        module: Learning rate of the temporal module at its highest, which starts from nothing.
        rest: Of everything else.
        warmup: Steps of linear warm-up; then half a cosine down to nothing.
        clip: Largest norm of the gradient.
    """

    module: float = 1e-3
    rest: float = 1e-4
    warmup: int = 10
    clip: float = 1.0


def clip_settings(frames: int) -> ClipSettings:
    """Small frames, one detailed crop each, with everything that clips have: pillars, light, leaving."""
    return ClipSettings(size=(GEOMETRY.crop_size,) * 2, seconds=frames / FPS, fps=FPS)


def as_picture(clip: Clip, frame: ClipFrame) -> Picture:
    """A frame with the questions of its clip; what is not to be seen is not pointed at."""
    rows, columns = frame.owner.shape
    masks = {n: frame.owner == n for n, share in enumerate(frame.share, start=1) if share >= WANTED_SHARE}
    targets = {n: Target(centre_of_largest(mask), (0, 0, columns, rows), mask) for n, mask in masks.items()}
    queries = [
        Query(text, text.removeprefix("the "), tuple(targets[n] for n in numbers if n in targets), "colour")
        for text, numbers in clip.queries.items()
    ]
    return Picture(frame.image, tuple(queries), ())


def batch_of(clip: Clip, encoder: TreeEncoder, config: MolmoPointConfig) -> TreeBatch:
    """The frames of a clip as one batch of trees, in order."""
    rng = np.random.default_rng(0)  # all questions are asked; only their order is drawn
    trees = [encoder.encode(as_picture(clip, frame), rng, len(clip.queries), 0) for frame in clip]
    return collate(trees, config)


def means_of_past(windows_TPKC: Tensor, past: int) -> Tensor:
    """For every frame but the first the mean of up to `past` frames before it, (T - 1, P, K, C)."""
    return torch.stack([windows_TPKC[max(0, t - past) : t].mean(0) for t in range(1, len(windows_TPKC))])


@dataclass(frozen=True)
class Shown:
    """A clip that the vision tower has looked at.

    Attributes:
        batch: Its frames as trees.
        windows_TPKC: ViT features of the pooling windows of every frame.
    """

    batch: TreeBatch
    windows_TPKC: Tensor


class Arm:
    """One way to use earlier frames, while it learns."""

    def __init__(self, name: str, seed: int, rates: Rates) -> None:
        kind, self.past = ARMS[name]
        torch.manual_seed(seed)
        config = MolmoPointConfig.from_pretrained(NANO)
        config.temporal_module, config.temporal_frames = kind, self.past
        trained = MolmoPointForConditionalGeneration.from_pretrained(NANO, dtype=torch.float32)
        self.model = MolmoPointForConditionalGeneration(config)
        self.model.generation_config = trained.generation_config
        missing, unexpected = self.model.load_state_dict(trained.state_dict(), strict=False)
        assert not unexpected
        assert all(name.startswith("model.temporal.") for name in missing)
        self.model.model.vision_tower.requires_grad_(False)
        use_plain_attention(self.model)
        module = [] if self.model.model.temporal is None else list(self.model.model.temporal.parameters())
        known = {id(parameter) for parameter in module}
        learning = [p for p in self.model.parameters() if p.requires_grad and id(p) not in known]
        groups = [{"params": learning, "top": rates.rest}, {"params": module, "top": rates.module}]
        self.rates = rates
        self.optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]], betas=(0.9, 0.95), eps=1e-6, weight_decay=0.0
        )

    def losses(self, shown: Shown) -> TreeLosses:
        """Of one clip, the true answers fed."""
        core, windows_TPKC = self.model.model, shown.windows_TPKC
        valid_TPK = (shown.batch.pooling_NK >= 0).unflatten(0, windows_TPKC.shape[:2])
        means_TPKC = means_of_past(windows_TPKC, self.past)
        with torch.autocast("cpu", torch.bfloat16):
            first = core.view(windows_TPKC[0], valid_TPK[0])  # nothing came before it
            others = (windows_TPKC[1:], valid_TPK[1:], means_TPKC)
            later = core.view(*(part.flatten(0, 1) for part in others))
            views = Views(*map(torch.cat, zip(first, later, strict=True)))
            return tree_losses(self.model, shown.batch, views)

    def step(self, shown: Shown, step: int, steps: int) -> float:
        """Learns from one clip; gives its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["top"] * cosine(step, steps, self.rates.warmup, 0.0)
        loss = self.losses(shown).total
        loss.backward()
        learning = [p for group in self.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(learning, self.rates.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return float(loss.detach())


@torch.no_grad()
def show(clip: Clip, seer: MolmoPointForConditionalGeneration, encoder: TreeEncoder) -> Shown:
    """A clip as all arms see it, whose vision towers are one and the same."""
    batch = batch_of(clip, encoder, seer.config)
    with torch.autocast("cpu", torch.bfloat16):
        windows_NKC = seer.model.gather_windows(normalize(batch.patches), batch.pooling_NK)
    return Shown(batch, windows_NKC.float().unflatten(0, (len(clip), -1)))


@torch.no_grad()
def look(arms: dict[str, Arm], clips: list[Shown]) -> Measured:
    """Of held-out clips: loss of the patches that are chosen, and how often the true one is the likeliest."""
    found: Measured = {name: {"loss": [], "hits": []} for name in arms}
    for name, arm in arms.items():
        for shown in clips:
            losses = arm.losses(shown)
            found[name]["loss"].append(float(losses.patch))
            found[name]["hits"].append(float(losses.point_hits))
    return found


def ask(model: PointingModel, clips: int, frames: int, past: int) -> dict[str, list[float]]:
    """Mean F1 of held-out clips, as a stream is asked about: frame by frame, by its own earlier frames.

    Args:
        model: Who is asked.
        clips: How many.
        frames: Of each.
        past: How many earlier frames it takes; more are never kept.
    """
    found: list[float] = []
    mixes = model.model.config.temporal_module is not None
    for clip in held_out(clips, frames):
        earlier: list[Tensor] = []
        scores: list[float] = []
        for frame in clip:
            encoded = model.encode(frame.image, past=earlier if mixes else ())
            earlier = [*earlier, encoded.windows_NKC][-past:]
            answers = model.point(encoded, list(clip.queries))
            scores += [scored.f1 for scored in score_answers(frame, clip.queries, answers)]
        found.append(float(np.mean(scores)))
    return {"f1": found}


def held_out(clips: int, frames: int) -> Iterator[Clip]:
    """Clips that no arm learns from."""
    for number in range(clips):
        yield Clip(HELD_OUT_SEED + number, clip_settings(frames))


def compared(found: list[float], base: list[float]) -> tuple[float, float, float]:
    """Mean over clips, mean difference to a base, and the standard error of that.

    Args:
        found, base: A measure of the same clips.
    """
    gains = np.array(found) - np.array(base)
    error = float(gains.std(ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else float("nan")
    return float(np.mean(found)), float(gains.mean()), error


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--steps", type=int, default=200, help="clips that are learned from")
    parser.add_argument("--clips", type=int, default=16, help="held-out clips")
    parser.add_argument("--frames", type=int, default=8, help="of a held-out clip, for asking")
    parser.add_argument("--look-every", type=int, default=20, help="steps between looks at held-out clips")
    parser.add_argument("--ask", action="store_true", help="measure F1 at the end, which takes longest")
    parser.add_argument("--seed", type=int, default=0, help="of weights and of clips to learn from")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/temporal"))
    parser.add_argument("--plot", type=Path, default=None, metavar="FILE", help="SVG or PNG of the looks")
    args = parser.parse_args()
    figure = None if args.plot is None else new_figure("drawing what earlier frames are worth")
    torch.set_num_threads(args.threads)
    args.runs.mkdir(parents=True, exist_ok=True)
    processor = MolmoPointProcessor.from_pretrained(NANO)
    arms = {name: Arm(name, args.seed, Rates()) for name in args.arms}
    encoder = TreeEncoder(processor.tokenizer, GEOMETRY)
    seer = next(iter(arms.values())).model
    unseen = [show(clip, seer, encoder) for clip in held_out(args.clips, FRAMES)]
    facts = about(torch.device("cpu")) | {"seed": args.seed, "steps": args.steps, "clips": args.clips}
    looks: dict[int, Measured] = {}
    bar = tqdm(range(args.steps), "learning", unit="step")
    for step in bar:
        clip = Clip(TRAIN_SEED + 100_000 * args.seed + step, clip_settings(FRAMES))
        shown = show(clip, seer, encoder)
        losses = [arm.step(shown, step, args.steps) for arm in arms.values()]
        bar.set_postfix_str(" ".join(f"{loss:.2f}" for loss in losses))
        if (step + 1) % args.look_every == 0 or step + 1 == args.steps:
            looks[step + 1] = look(arms, unseen)
            write(args.runs, facts | {"step": step + 1, "held_out": looks[step + 1]})
    if figure is not None:
        plot(figure, looks, args.plot)
    if not args.ask:
        return
    found = {
        name: ask(PointingModel(arm.model.eval(), processor, name), args.clips, args.frames, arm.past)
        for name, arm in tqdm(arms.items(), "asking", unit="arm")
    }
    write(args.runs, facts | {"step": args.steps, "f1": found})


def write(folder: Path, facts: dict[str, Any]) -> None:
    """Adds a line to the results, and prints what it says as a table."""
    with (folder / "results.jsonl").open("a") as file:
        file.write(json.dumps(facts) + "\n")
    results = facts.get("held_out") or facts["f1"]
    base = next(iter(results.values()))
    print(f"step {facts['step']}")
    print_table({arm: {k: compared(v, base[k]) for k, v in found.items()} for arm, found in results.items()})


def plot(figure: Any, looks: dict[int, Measured], path: Path) -> None:
    """Draws by step how much each arm's loss on held-out clips is above that of the first arm."""
    axes = figure.subplots()
    for name, colour in zip(next(iter(looks.values())), COLOURS, strict=False):
        pairs = [
            compared(found[name]["loss"], next(iter(found.values()))["loss"]) for found in looks.values()
        ]
        _, gains, errors = zip(*pairs, strict=True)
        axes.errorbar(list(looks), gains, errors, label=name, color=colour, capsize=2)
    axes.set(xlabel="clips learned from", ylabel="loss of patches, difference to no earlier frame")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)


def print_table(shown: dict[str, dict[str, tuple[float, float, float]]]) -> None:
    """Every measure of every arm, and its difference to the first one."""
    measures = list(next(iter(shown.values())))
    titles = [title for measure in measures for title in (measure, "difference")]
    print(f"| arm | {' | '.join(titles)} |\n|{'---|' * (len(titles) + 1)}")
    for name, found in shown.items():
        cells = [
            c for mean, gain, error in found.values() for c in (f"{mean:.3f}", f"{gain:+.3f} ± {error:.3f}")
        ]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
