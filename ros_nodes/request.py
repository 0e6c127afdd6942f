"""What the point node can be told by parameters: names, defaults, limits; knows no topic and no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields

from rclpy.parameter import Parameter

from molmo_act.errors import InputError, QueryError
from ros_nodes.parameters import parameter

_CAMERA = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True)
class Setup:
    """The parameters that are read once, on configure.

    Raises:
        InputError: One of them cannot be used.
    """

    model: str = parameter("", "Checkpoint, by name or folder. Empty: the bundled one.")
    device: str = parameter("", "Device of the model. Empty: the library's choice.")
    backend: str = parameter("local", "Where the model runs: local. Reserved: http.")
    cameras: tuple[str, ...] = parameter(
        ("",), "Names that come before the topics of each camera. Blank: one camera, nothing before."
    )

    def __post_init__(self) -> None:
        if self.backend == "http":
            raise InputError("backend is 'http', which is reserved for a remote model. Use 'local' for now.")
        if self.backend != "local":
            raise InputError(f"backend is {self.backend!r}; expected 'local'.")
        names = self.camera_names
        for name in filter(None, names):
            if not _CAMERA.fullmatch(name):
                raise InputError(f"cameras holds {name!r}; expected names of topics, such as 'front'.")
        if len(set(names)) < len(names):
            raise InputError(f"cameras is {list(names)}; expected each camera once.")

    @property
    def camera_names(self) -> tuple[str, ...]:
        """One for each camera; a single blank one when none is named."""
        return tuple(name for name in self.cameras if name) or ("",)


@dataclass(frozen=True)
class Request:
    """The parameters that may change at run time.

    Attributes:
        query: What to point at; empty while nobody has asked.
        queries: What else to point at, in the same pass; blank ones are left out.
        min_score: Lowest score of a point, in [0, 1].
        max_points: Most points of a query; 0 is no limit.
        rate: Most pictures per second; 0 is as many as the model manages.
        overlay: Whether pictures with their points are drawn for who subscribes.
    """

    query: str = parameter("", "What to point at, in words. Unset: wait for topic query.")
    queries: tuple[str, ...] = parameter(("",), "What else to point at, in the same pass.")
    min_score: float = parameter(0.0, "Points of a lower score are left out.", 0, 1)
    max_points: int = parameter(0, "At most this many points per query and picture; 0 is no limit.", 0)
    rate: float = parameter(
        0.0, "At most this many pictures per second; 0 is as many as the model manages.", 0, 1000
    )
    overlay: bool = parameter(True, "Draw pictures with their points for who subscribes.")

    @property
    def asked(self) -> tuple[str, ...]:
        """All queries, each once, in order."""
        return tuple(dict.fromkeys(filter(None, (text.strip() for text in (self.query, *self.queries)))))

    @property
    def period(self) -> float:
        """Shortest time between two pictures in seconds; 0 is no limit."""
        return 1 / self.rate if self.rate else 0.0

    def check(self) -> None:
        """Refuses queries that no model could read.

        Raises:
            QueryError: A query is too long, or holds control tokens.
        """
        from molmo_act.asking import check_query

        for query in self.asked:
            check_query(query)


def refusal(current: Request, parameters: Sequence[Parameter]) -> str | None:
    """Why these parameters may not be set on a configured node, or None; limits are checked by rclpy."""
    given = {parameter.name: parameter.value for parameter in parameters}
    for each in fields(Setup):
        if each.name in given:
            return f"{each.name} is read on configure; clean the node up first"
    if not given.keys() & {"query", "queries"}:
        return None
    proposed = Request(given.get("query", current.query), tuple(given.get("queries", current.queries)))
    if not proposed.asked:
        return "query is empty; give words, or deactivate the node to pause it"
    try:
        proposed.check()
    except QueryError as error:
        return str(error)
    return None
