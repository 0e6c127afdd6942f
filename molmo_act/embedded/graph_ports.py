"""What each graph of an exported model takes and gives, and refuses one that takes or gives something else.

ONNX Runtime checks what it is fed, but not that a graph is the one that is meant. Names of sizes are those of
`molmo_act.generation.one_prompt.network`; only sizes that the settings say are compared, and "P + 1" with
"P".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from molmo_act.embedded.settings import AGAIN, LOCATIONS, ExportSettings
from molmo_act.errors import CheckpointError

_COLUMNS = ("P", "P + 1")
"""Names of sizes of which a graph has to have the right one: whether "no more points" has a score."""


@dataclass(frozen=True)
class Port:
    """An input or an output.

    Attributes:
        shape: Sizes; a name for one that varies, or that the settings do not say.
        type: The type of its numbers, as ONNX Runtime writes it.
    """

    shape: Sequence[int | str]
    type: str

    def matches(self, found: Any) -> bool:
        """Whether a port of a session is of this type and shape."""
        if found.type != self.type or len(found.shape) != len(self.shape):
            return False
        return all(
            size == other if isinstance(size, int) else not (other in _COLUMNS and size != other)
            for size, other in zip(self.shape, found.shape, strict=True)
        )

    def __str__(self) -> str:
        return f"{self.type} of [{', '.join(map(str, self.shape))}]"


Ports = Mapping[str, Port]


def expected_ports(settings: ExportSettings, graph: str) -> tuple[Ports, Ports]:
    """Says what a graph takes and gives.

    Args:
        settings: The exported model.
        graph: Name of the graph.

    Returns:
        Its inputs and its outputs.
    """
    config, geometry = settings.config, settings.geometry
    width, words = config.text_config.hidden_size, config.extended_vocab_start
    own = "tensor(float16)" if settings.precision == "fp16" else "tensor(float)"
    hidden, windows = Port(("N", width), own), Port(("N", "K", "C"), own)
    valid, positions = Port(("N", "K"), "tensor(bool)"), Port(("N",), "tensor(int64)")
    keys, patch_keys = Port(("N", "K", "E"), own), Port(("P", "E"), "tensor(float)")
    crops = ("crops", geometry.side**2)

    def scores(columns: int | str) -> Ports:
        return {"scores": Port(("N", columns), "tensor(float)")}

    if graph == "language":
        return _language(settings, own)
    return {
        "vision": (
            {"pixel_values": Port((*crops, 3 * geometry.patch_size**2), own)},
            {"features": Port((*crops, "C"), own)},
        ),
        "connector": (
            {"windows": windows, "valid": valid},
            {"image_features": hidden, "subpatch_keys": keys},
        ),
        "words": ({"hidden": hidden}, {"word_logits": Port(("N", words), "tensor(float)")}),
        "patch_keys": (
            {"hidden": Port(("P", width), own), "positions": Port(("P",), "tensor(int64)")},
            {"patch_keys": patch_keys},
        ),
        "patch_scores": (
            {
                **{"hidden": hidden, "positions": positions, "patch_keys": patch_keys},
                **{"indexable": Port(("P",), "tensor(bool)"), "num_keys": Port((), "tensor(int64)")},
            },
            scores("P + 1" if config.no_more_points_class else "P"),
        ),
        "subpatch_scores": ({"hidden": hidden, "keys": keys, "valid": valid}, scores("K")),
        LOCATIONS: ({"hidden": hidden}, scores(config.num_locations)),
        "slot_embeddings": ({"windows": Port(("N", "C"), own)}, {"embeddings": hidden}),
    }[graph]


def _language(settings: ExportSettings, own: str) -> tuple[Ports, Ports]:
    text = settings.config.text_config
    fed, cache = Port(("W", text.hidden_size), own), Port((text.num_key_value_heads, "R", text.head_dim), own)
    layers = [f"{kind}_{layer}" for layer in range(text.num_hidden_layers) for kind in ("key", "value")]
    inputs = {
        **{"embeds": fed, "positions": Port(("W",), "tensor(int64)"), "mask": Port(("W", "R"), own)},
        "slots": Port((text.num_key_value_heads, "W", 2), "tensor(int64)"),
        **{f"past_{name}": cache for name in layers},
    }
    return inputs, {"hidden": fed, **{f"present_{name}": cache for name in layers}}


def check_ports(settings: ExportSettings, graph: str, session: Any) -> None:
    """Refuses a graph that takes or gives something else than the settings say.

    Args:
        settings: The exported model.
        graph: Name of the graph.
        session: The graph in ONNX Runtime.

    Raises:
        CheckpointError: It is another part, or of another model; the message names what differs.
    """
    inputs, outputs = expected_ports(settings, graph)
    sides = (("takes", inputs, session.get_inputs()), ("gives", outputs, session.get_outputs()))
    for verb, expected, found in sides:
        problem = _problem(expected, found)
        if problem is not None:
            raise CheckpointError(
                f"{graph}.onnx of the exported model {str(settings.folder)!r} {verb} {problem}. It is "
                f"another part or of another model, or the settings are. Copy the whole folder again. {AGAIN}"
            )


def _problem(expected: Ports, found: Iterable[Any]) -> str | None:
    ports = {port.name: port for port in found}
    if missing := [name for name in expected if name not in ports]:
        return f"no {missing[0]}, which the settings expect"
    if unknown := [name for name in ports if name not in expected]:
        return f"{unknown[0]}, which the settings do not know"
    for name, port in expected.items():
        if not port.matches(ports[name]):
            other = Port(ports[name].shape, ports[name].type)
            return f"{name} as {other}, which the settings expect as {port}"
    return None
