"""Trains the network that recognises icons on screens: `python -m model.train.icons`.

Crops are drawn once (`model.data.screens.icon_crops`), then learned for some epochs; two icon sets are kept
for the temperature that calibrates the probabilities. With the defaults it took 38 minutes beside a load of
15 and writes the file that comes with the library, which is equal for an equal seed on the same machine.

    python -m model.data.assets.icons
    python -m model.data.assets.words
    python -m model.data.assets.named_icons
    python -m model.data.web.render --out .cache/html --count 197
    python -m model.train.icons
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from model._cli import command, make_parser
from model.data.assets.named_icons import NONE, NamedIcon, load_named_icons
from model.data.assets.names import icon_concepts
from model.data.random_blocks import RandomBlocks
from model.data.screens.icon_crops import icon_scene, letter_scene, screen_crops, shown_crops
from model.data.web.dataset import DEFAULT_FOLDER
from model.data.web.real_pages import load_page
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file
from molmo_act.reading.icons.crops import SIDE
from molmo_act.reading.icons.network import CONVOLUTIONS, HIDDEN, NETWORK_FILE, IconNetwork
from molmo_act.reading.icons.vocabulary import Concept, Vocabulary

TUNING_SETS = ("clarity", "eva")
"""Sets that nothing is learned from but the temperature."""
SEED = 19
_OTHER_SHARE = 0.3  # of drawn icons that are none of the concepts
_RATE, _DECAY, _SMOOTHING, _BATCH = 3e-3, 0.02, 0.05, 128


@dataclass(frozen=True, eq=False)
class Crops:
    """What is learned.

    Attributes:
        pixels: uint8 (N, S, S).
        classes: int64 (N,), the number of the concept, or the number of concepts for none of them.
    """

    pixels: np.ndarray
    classes: np.ndarray


def vocabulary() -> Vocabulary:
    """The concepts of ``icon_names.txt`` in their order."""
    return Vocabulary(
        tuple(
            Concept(concept.name, concept.spoken, tuple(sorted(concept.alike)))
            for concept in icon_concepts().values()
        )
    )


def drawn_crops(icons: list[NamedIcon], count: int, rng: np.random.Generator) -> Crops:
    """Draws icons, each concept as often as any other.

    Args:
        icons: Drawings.
        count: How many to draw.
        rng: Source of every choice.
    """
    rand = RandomBlocks(rng)
    numbers = {concept.name: number for number, concept in enumerate(vocabulary().concepts)}
    by_concept: dict[str, dict[str, list[np.ndarray]]] = defaultdict(lambda: defaultdict(list))
    for icon in icons:
        by_concept[icon.concept][icon.style].append(icon.mask)
    names = sorted(set(by_concept) - {NONE})
    pixels, classes = np.zeros((count, SIDE, SIDE), np.uint8), np.zeros(count, np.int64)
    for row in tqdm(range(count), desc="drawn icons", mininterval=5):
        concept = NONE if rand.chance() < _OTHER_SHARE else rand.one_of(names)
        masks = rand.one_of(list(by_concept[concept].values()))
        pixels[row] = _bytes(icon_scene(rand.one_of(masks), rand).crop())
        classes[row] = numbers.get(concept, len(numbers))
    return Crops(pixels, classes)


def other_crops(letters: int, screens: int, pages: Path | None, rng: np.random.Generator) -> Crops:
    """Draws letters, and the shapes of whole screens and pages.

    Args:
        letters: How many crops of letters.
        screens: How many screens.
        pages: Folder with rendered pages of the split "train"; None for none.
        rng: Source of every choice.
    """
    rand = RandomBlocks(rng)
    numbers = {concept.name: number for number, concept in enumerate(vocabulary().concepts)}
    none = len(numbers)
    pixels = [_bytes(letter_scene(rand).crop()) for _ in tqdm(range(letters), desc="letters", mininterval=5)]
    classes = [none] * letters
    files = [] if pages is None else sorted(pages.glob("train-*.json"))
    if pages is not None and not files:
        raise InputError(
            f"{pages} has no rendered pages of the split 'train'. Render some with: "
            f"python -m model.data.web.render --out {pages}; or leave them out with --without-pages."
        )
    looks: list[Callable[[], list[tuple[np.ndarray, str | None]]]] = [
        *[lambda: screen_crops(rng)] * screens,
        *(lambda file=file: shown_crops(*load_page(file), only_text=True) for file in files),  # type: ignore[misc]
    ]
    for look in tqdm(looks, desc="screens and pages", mininterval=5):
        for crop, concept in look():
            pixels.append(_bytes(crop))
            classes.append(none if concept is None else numbers.get(concept, none))
    return Crops(np.stack(pixels), np.array(classes, np.int64))


def _bytes(crop: np.ndarray) -> np.ndarray:
    rounded: np.ndarray = np.round(255 * crop).astype(np.uint8)
    return rounded


class TrainedNetwork(nn.Module):
    """The layers of `IconNetwork` with batch normalization, which is folded into them at the end.

    Args:
        classes: Concepts and one more.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.layers: list[tuple[nn.Conv2d, nn.BatchNorm2d]] = []
        channels, side = 1, SIDE
        for out, kernel, stride in CONVOLUTIONS:
            convolution = nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False)
            self.layers.append((convolution, nn.BatchNorm2d(out)))
            channels, side = out, side // stride
        self.registered = nn.ModuleList(module for layer in self.layers for module in layer)
        self.hidden = nn.Linear(channels * side * side, HIDDEN)
        self.drop = nn.Dropout(0.2)
        self.classes = nn.Linear(HIDDEN, classes)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of crops (N, 1, S, S)."""
        for convolution, norm in self.layers:
            crops = norm(convolution(crops)).relu()
        logits: torch.Tensor = self.classes(self.drop(self.hidden(self.drop(crops.flatten(1))).relu()))
        return logits

    def folded(self) -> dict[str, np.ndarray]:
        """The weights of an `IconNetwork`, rounded to float16 and given as float32."""
        weights: dict[str, torch.Tensor] = {}
        for number, (convolution, norm) in enumerate(self.layers):
            assert norm.running_mean is not None
            assert norm.running_var is not None
            factor = norm.weight / (norm.running_var + norm.eps).sqrt()
            weights[f"conv.{number}.weight"] = convolution.weight * factor[:, None, None, None]
            weights[f"conv.{number}.bias"] = norm.bias - norm.running_mean * factor
        for name, layer in (("hidden", self.hidden), ("classes", self.classes)):
            weights[f"{name}.weight"], weights[f"{name}.bias"] = layer.weight, layer.bias
        return {name: tensor.detach().half().float().numpy() for name, tensor in weights.items()}


def train(crops: Crops, epochs: int, classes: int) -> TrainedNetwork:
    """Learns crops.

    Args:
        crops: What is learned.
        epochs: How often each is seen.
        classes: Concepts and one more.

    Returns:
        The network, ready to be used.
    """
    network = TrainedNetwork(classes)
    steps = epochs * (len(crops.classes) // _BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, max(steps, 1), pct_start=0.15)
    loss_of = nn.CrossEntropyLoss(label_smoothing=_SMOOTHING)
    pixels, classes_of = torch.from_numpy(crops.pixels), torch.from_numpy(crops.classes)
    progress = tqdm(total=steps, desc="training", mininterval=10)
    for _ in range(epochs):
        order = torch.randperm(len(pixels))
        for at in range(0, len(order) - _BATCH + 1, _BATCH):
            rows = order[at : at + _BATCH]
            shift = torch.randint(-1, 2, (2,)).tolist()
            batch = torch.roll(pixels[rows], shift, (1, 2))[:, None].float() / 255
            batch = batch * (0.7 + 0.6 * torch.rand(len(rows), 1, 1, 1))
            loss = loss_of(network(batch.clamp_(max=1.0)), classes_of[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            progress.update()
            if progress.n % 50 == 0:
                progress.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
    progress.close()
    return network.eval()


def temperature_of(network: IconNetwork, crops: Crops) -> float:
    """The temperature at which probabilities of crops have the least logarithmic loss."""
    logits = np.log(network.probabilities(crops.pixels / np.float32(255)) + 1e-12)

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        chosen = scaled[np.arange(len(scaled)), crops.classes]
        return float((np.log(np.exp(scaled).sum(axis=1)) - chosen).mean())

    return round(float(min(np.arange(0.3, 2.5, 0.02), key=loss)), 2)


def write_network(network: IconNetwork, file: Path) -> None:
    """Writes a network as `molmo_act.reading.icons.network.icon_network` reads it."""
    from safetensors.numpy import save

    tensors = {name: tensor.astype(np.float16) for name, tensor in network.weights.items()}
    metadata = {"vocabulary": network.vocabulary.to_json(), "temperature": str(network.temperature)}
    with atomic_file(file, durable=True) as partial:
        partial.write_bytes(save(tensors, metadata=metadata))


@command
def main() -> None:
    """Command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--out", type=Path, default=NETWORK_FILE, help="file to write (default: %(default)s)")
    parser.add_argument("--icons", type=int, default=160_000, help="drawn icons (default: %(default)s)")
    parser.add_argument("--letters", type=int, default=8_000, help="crops of letters (default: %(default)s)")
    parser.add_argument("--screens", type=int, default=150, help="drawn screens (default: %(default)s)")
    parser.add_argument(
        "--pages", type=Path, default=DEFAULT_FOLDER, help="folder of rendered pages (default: %(default)s)"
    )
    parser.add_argument("--without-pages", action="store_true", help="learn no rendered pages")
    parser.add_argument("--epochs", type=int, default=3, help="times each is seen (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of all choices (default: %(default)s)")
    args = parser.parse_args()
    began = time.perf_counter()
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    pages = None if args.without_pages else args.pages
    icons = load_named_icons("train")
    learned = [icon for icon in icons if icon.style not in TUNING_SETS]
    tuning = [icon for icon in icons if icon.style in TUNING_SETS]
    parts = [drawn_crops(learned, args.icons, rng), other_crops(args.letters, args.screens, pages, rng)]
    crops = Crops(
        np.concatenate([part.pixels for part in parts]), np.concatenate([part.classes for part in parts])
    )
    drawn = time.perf_counter() - began
    concepts = vocabulary()
    network = IconNetwork(train(crops, args.epochs, len(concepts.concepts) + 1).folded(), concepts)
    held_out = drawn_crops(tuning, max(args.icons // 40, 64), rng)
    temperature = temperature_of(network, held_out)
    network = IconNetwork(network.weights, concepts, temperature)
    write_network(network, args.out)
    best = network.probabilities(held_out.pixels / np.float32(255)).argmax(axis=1)
    print(
        json.dumps(
            {
                "machine": platform.machine(),
                "crops": len(crops.classes),
                "seconds": {"drawing": round(drawn), "all": round(time.perf_counter() - began)},
                "temperature": temperature,
                "right on the tuning sets": round(float((best == held_out.classes).mean()), 4),
            }
        )
    )


if __name__ == "__main__":
    sys.exit(main())
