"""Which example comes next out of several sources: √size sampling, seeded and resumable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from molmo_act.errors import InputError

EPOCH_SALT, PICK_SALT = 1, 3  # keep the shuffles of epochs apart from the choices of sources


@dataclass(frozen=True)
class Group:
    """Sources that share a part of the mixture.

    Inside a group a source is drawn in proportion to the square root of its size, times its factor: large
    sources come more often, but small ones are not drowned (Molmo2 paper, "data mixture").

    Attributes:
        rate: Share of the group; the rates of all groups are scaled to sum to 1.
        factors: Names of sources and what multiplies their shares.
    """

    rate: float
    factors: tuple[tuple[str, float], ...]


def parse_groups(text: str) -> tuple[Group, ...]:
    """Reads groups from text such as "0.7 pixmo-points pixmo-count*0.5; 0.3 screens".

    Args:
        text: Groups divided by ";": a rate, then names of sources, each with a factor or not.

    Returns:
        The groups, in order.

    Raises:
        InputError: The text is not of this form.
    """
    try:
        return tuple(_parse_group(part) for part in text.split(";"))
    except ValueError as exc:
        raise InputError(
            f"The mixture {text!r} cannot be read; expected groups such as '0.7 pixmo-points "
            "pixmo-count*0.5; 0.3 screens': a rate, then names of sources, each with a factor or not."
        ) from exc


def _parse_group(text: str) -> Group:
    rate, *members = text.split()
    if not members or not float(rate) > 0:
        raise ValueError(text)
    split = [member.partition("*") for member in members]
    return Group(float(rate), tuple((name, float(factor or 1)) for name, _, factor in split))


def source_names(groups: Sequence[Group]) -> list[str]:
    """Lists the names of all sources.

    Args:
        groups: What is mixed.

    Returns:
        The names, in order.

    Raises:
        InputError: A source occurs twice.
    """
    names = [name for group in groups for name, _ in group.factors]
    if len(set(names)) < len(names):
        raise InputError(f"The mixture names a source twice: {', '.join(names)}. Name each once.")
    return names


def source_shares(groups: Sequence[Group], sizes: Mapping[str, int]) -> np.ndarray:
    """Computes how often each source is drawn.

    Args:
        groups: What is mixed.
        sizes: Number of rows of each source.

    Returns:
        float (sources,), probabilities in the order of `source_names`.
    """
    shares: list[float] = []
    total = sum(group.rate for group in groups)
    for group in groups:
        parts = np.array([factor * sizes[name] ** 0.5 for name, factor in group.factors])
        shares += (group.rate / total * parts / parts.sum()).tolist()
    return np.array(shares)


@dataclass
class MixtureState:
    """How far one stream has come: all picks, and those of each source."""

    picks: int = 0
    drawn: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Pick:
    """One example: `index` of a source, and the number of the pick, unique in its stream."""

    source: str
    index: int
    number: int


class Mixture:
    """One of several streams over the same sources.

    Every epoch of a source has an order of its own: its blocks shuffled, and the rows of each; every stream
    walks its part of that order, so that a block is mostly read by one of them only.

    Args:
        groups: What is mixed.
        blocks: For each source the numbers of rows of its blocks, which are read together.
        seed: Of every choice.
        stream, streams: Which of how many streams this is.
        state: Where to go on.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        blocks: Mapping[str, Sequence[int]],
        seed: int,
        stream: int = 0,
        streams: int = 1,
        state: MixtureState | None = None,
    ) -> None:
        self._names = source_names(groups)
        self._blocks = {name: np.asarray(blocks[name], dtype=np.int64) for name in self._names}
        sizes = {name: int(rows.sum()) for name, rows in self._blocks.items()}
        for name, size in sizes.items():
            if size < streams:
                raise InputError(
                    f"The source {name!r} has {size} examples for {streams} loading processes; expected at "
                    "least one for each. Use fewer workers, or leave the source out."
                )
        self._shares = source_shares(groups, sizes)
        self._seed, self._stream, self._streams = seed, stream, streams
        self.state = state or MixtureState()
        self._orders: dict[str, tuple[int, np.ndarray]] = {}

    def next(self) -> Pick:
        """Draws the next example.

        Returns:
            Which source, which row of it, and how many examples came before.
        """
        state = self.state
        rng = np.random.default_rng([self._seed, PICK_SALT, self._stream, state.picks])
        name = self._names[rng.choice(len(self._names), p=self._shares)]
        drawn = state.drawn.get(name, 0)
        pick = Pick(name, self._index(name, drawn), state.picks)
        state.picks += 1
        state.drawn[name] = drawn + 1
        return pick

    def _index(self, name: str, drawn: int) -> int:
        """Row of the `drawn`-th pick of a source: an epoch is done when every stream has walked its part."""
        size = int(self._blocks[name].sum())
        part = size // self._streams  # as long for all, so that epochs are numbered alike
        epoch, place = divmod(drawn, part)
        known = self._orders.get(name)
        if known is None or known[0] != epoch:
            order = self._order(name, epoch)[self._stream * part : (self._stream + 1) * part]
            self._orders[name] = known = (epoch, order)
        return int(known[1][place])

    def _order(self, name: str, epoch: int) -> np.ndarray:
        blocks = self._blocks[name]
        number = self._names.index(name)
        rng = np.random.default_rng([self._seed, EPOCH_SALT, number, epoch])
        starts = blocks.cumsum() - blocks
        return np.concatenate(
            [starts[block] + rng.permutation(blocks[block]) for block in rng.permutation(len(blocks))]
        )
