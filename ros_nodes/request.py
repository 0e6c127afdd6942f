"""What nodes with a model can be told by parameters: names, defaults, limits; knows no topic and no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields

from rclpy.parameter import Parameter

from molmo_act.errors import InputError, QueryError
from ros_nodes.parameters import parameter

_CAMERA = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)


@dataclass(frozen=True)
class ModelSetup:
    """Which model a node uses; read once, on configure.

    Raises:
        InputError: One of them cannot be used.
    """

    model: str = parameter("", "Checkpoint, by name or folder. Empty: the bundled one.")
    device: str = parameter("", "Device of the model. Empty: the library's choice.")
    backend: str = parameter("local", "Where the model runs: local. Reserved: http.")

    def __post_init__(self) -> None:
        if self.backend == "http":
            raise InputError("backend is 'http', which is reserved for a remote model. Use 'local' for now.")
        if self.backend != "local":
            raise InputError(f"backend is {self.backend!r}; expected 'local'.")


@dataclass(frozen=True)
class PointSetup(ModelSetup):
    """What the point node reads once, on configure.

    Raises:
        InputError: One of them cannot be used.
    """

    cameras: tuple[str, ...] = parameter(
        ("",), "Names that come before the topics of each camera. Blank: one camera, nothing before."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
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
class Queries:
    """What a node looks for; may change at run time.

    Attributes:
        query: What to find; empty while nobody has asked.
        queries: What else to find, in the same pass; blank ones are left out.
    """

    query: str = parameter("", "What to find, in words. Unset: wait for topic query.")
    queries: tuple[str, ...] = parameter(("",), "What else to find, in the same pass.")

    @property
    def asked(self) -> tuple[str, ...]:
        """All queries, each once, in order."""
        return tuple(dict.fromkeys(filter(None, (text.strip() for text in (self.query, *self.queries)))))

    def check(self) -> None:
        """Refuses queries that no model could read.

        Raises:
            QueryError: A query is too long, or holds control tokens.
        """
        from molmo_act.asking import check_query

        for query in self.asked:
            check_query(query)


@dataclass(frozen=True)
class PointRequest(Queries):
    """What is asked of every picture by the point node; may change at run time.

    Attributes:
        min_score: Lowest score of a point, in [0, 1].
        max_points: Most points of a query; 0 is no limit.
        rate: Most pictures per second; 0 is as many as the model manages.
        overlay: Whether pictures with their points are drawn for who subscribes.
    """

    min_score: float = parameter(0.0, "Points of a lower score are left out.", 0, 1)
    max_points: int = parameter(0, "At most this many points per query and picture; 0 is no limit.", 0)
    rate: float = parameter(
        0.0, "At most this many pictures per second; 0 is as many as the model manages.", 0, 1000
    )
    overlay: bool = parameter(True, "Draw pictures with their points for who subscribes.")

    @property
    def period(self) -> float:
        """Shortest time between two pictures in seconds; 0 is no limit."""
        return 1 / self.rate if self.rate else 0.0


@dataclass(frozen=True)
class TrackSetup(ModelSetup):
    """What the track node reads once, on configure.

    Raises:
        InputError: One of them cannot be used.
    """

    rate: float = parameter(2.0, "How often per second the model looks, at most.", 0.01, 100)
    memory: float = parameter(30.0, "Seconds after which a lost object does not come back.", 0.1, 86400)
    min_score: float = parameter(0.0, "Points of a lower score are left out.", 0, 1)
    max_points: int = parameter(0, "At most this many points per query and look; 0 is no limit.", 0)


@dataclass(frozen=True)
class TrackRequest(Queries):
    """What the track node follows; may change at run time.

    Attributes:
        overlay: Whether pictures with their tracks are drawn for who subscribes.
        lost_after: Seconds after which a goal gives an unseen object up.
        not_found_after: Seconds after which a goal gives up that never found its object.
    """

    overlay: bool = parameter(True, "Draw pictures with their tracks for who subscribes.")
    lost_after: float = parameter(3.0, "Seconds after which a goal gives up an object unseen.", 0, 86400)
    not_found_after: float = parameter(
        15.0, "Seconds after which a goal gives up that found nothing.", 0, 86400
    )


def refusal(current: Queries, setup: type[ModelSetup], parameters: Sequence[Parameter]) -> str | None:
    """Why these parameters may not be set on a configured node, or None; limits are checked by rclpy."""
    given = {parameter.name: parameter.value for parameter in parameters}
    for each in fields(setup):
        if each.name in given:
            return f"{each.name} is read on configure; clean the node up first"
    if not given.keys() & {"query", "queries"}:
        return None
    proposed = Queries(given.get("query", current.query), tuple(given.get("queries", current.queries)))
    if not proposed.asked:
        return "query is empty; give words, or deactivate the node to pause it"
    try:
        proposed.check()
    except QueryError as error:
        return str(error)
    return None
