"""The parameters of the nodes with a model: names, defaults, bounds, checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from molmo_act.errors import InputError
from molmo_act.model_options import ModelOptions
from molmo_act.pointing.options import DTYPE_NAMES, QUANTIZATION_NAMES
from molmo_act.reading.names import READER_NAMES
from molmo_act.request import WINDOW_MODES, check_query
from molmo_act.segmentation.propagator import PROPAGATORS
from molmo_act_ros.conversions.images import MAX_BITS, MIN_BITS
from molmo_act_ros.conversions.points import MAX_QUERIES
from molmo_act_ros.parameter_fields import INPUT_TIMEOUT, check_choices, parameter

_CAMERA = re.compile(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)


# Which model, from which cameras: read once, on configure


@dataclass(frozen=True)
class ModelSetup:
    """Which model a node uses.

    Raises:
        InputError: One of them cannot be used.
    """

    model: str = parameter("", "Checkpoint, by name or folder. Empty: the bundled one.")
    device: str = parameter("", "Device of the model, such as cpu, cuda:0 or auto. Empty: CUDA or the CPU.")
    dtype: str = parameter(
        "",
        "Precision of the weights: float32, bfloat16 or float16. Empty: float32 on the CPU, else bfloat16.",
        choices=("", *DTYPE_NAMES),
    )
    quantization: str = parameter(
        "",
        "Language blocks in fewer bits: nf4, int8, or int8-dynamic on a CPU. Empty: as they are.",
        choices=("", *QUANTIZATION_NAMES),
    )
    providers: tuple[str, ...] = parameter(
        ("",),
        "Execution providers of ONNX Runtime for an exported model, the preferred one first. Blank: the best "
        "that work.",
    )
    max_crops: int = parameter(
        0, "Most high-resolution crops of an image; 0: the checkpoint's own number.", 0, 1024
    )
    prompt: str = parameter(
        "",
        "How queries are asked: point, gui, raw (as they are), or a template with {} for the query. Empty: "
        "as the checkpoint was taught.",
    )
    sensor_bits: int = parameter(
        MAX_BITS,
        "Bits that the sensor fills in images of 16 bits, such as 10 or 12 in mono16.",
        MIN_BITS,
        MAX_BITS,
    )
    backend: str = parameter("local", "Where the model runs: local. Reserved: http.", choices=("local",))

    def __post_init__(self) -> None:
        if self.backend == "http":
            raise InputError("backend is 'http', which is reserved for a remote model. Use 'local' for now.")
        check_choices(self)

    @property
    def options(self) -> ModelOptions:
        """The same in the words of the library."""
        return ModelOptions(
            checkpoint=self.model or None,
            device=self.device or None,
            dtype=self.dtype or None,
            quantization=self.quantization or None,
            max_crops=self.max_crops or None,
            prompt=self.prompt or None,
            providers=tuple(filter(None, self.providers)) or None,
        )

    @property
    def told(self) -> dict[str, str]:
        """What /diagnostics says of it: parameters that were set, by name."""
        names = ("device", "dtype", "quantization", "max_crops", "prompt")
        return {name: str(value) for name in names if (value := getattr(self, name))}


@dataclass(frozen=True)
class PointSetup(ModelSetup):
    """What the point node reads once, on configure.

    Raises:
        InputError: One of them cannot be used.
    """

    exactly: int = parameter(
        0,
        "Point at exactly so many places for each query, the best there are; 0: as many as are found.",
        0,
        1000,
    )
    cameras: tuple[str, ...] = parameter(
        ("",), "Names that come before the topics of each camera. Blank: one camera, nothing before."
    )
    reader: str = parameter(
        "",
        "What reads signs, labels and displays beside the model: rapidocr. Empty: the model alone.",
        choices=("", *READER_NAMES),
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
    def options(self) -> ModelOptions:
        """See the base class; `exactly` and `reader`, too."""
        return replace(super().options, exactly=self.exactly or None, reader=self.reader or None)

    @property
    def told(self) -> dict[str, str]:
        """See the base class; `reader`, too."""
        return super().told | ({"reader": self.reader} if self.reader else {})

    @property
    def camera_names(self) -> tuple[str, ...]:
        """One name for each camera; a single blank one when none is named."""
        return tuple(name for name in self.cameras if name) or ("",)


@dataclass(frozen=True)
class TrackSetup(ModelSetup):
    """What the track node reads once, on configure.

    Raises:
        InputError: One of them cannot be used.
    """

    rate: float = parameter(2.0, "How often per second the model is asked, at most.", 0.01, 100)
    lost_timeout: float = parameter(30.0, "Seconds after which a lost object does not come back.", 0.1, 86400)
    min_score: float = parameter(0.0, "Points of a lower score are left out.", 0, 1)
    max_points: int = parameter(0, "At most this many points per query and image; 0 is no limit.", 0)
    window: int = parameter(
        1, "How many of the last keyframes the model is shown, where it was trained on videos.", 1, 4096
    )
    window_mode: str = parameter(
        "full",
        "How a window is read: full, anew for every keyframe; sliding, only what is new.",
        choices=WINDOW_MODES,
    )
    masks: str = parameter(
        "",
        "What segments the tracked objects of every image: grabcut (without weights), sam2 or edgetam. "
        "Empty: nothing does.",
        choices=("", *PROPAGATORS),
    )
    masks_weights: str = parameter(
        "", "Folder or hub name of the weights of sam2 or edgetam. Empty: the usual ones."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.masks_weights and self.masks in ("", "grabcut"):
            raise InputError(
                f"masks_weights is {self.masks_weights!r} with masks {self.masks!r}, which has none; "
                "expected masks 'sam2' or 'edgetam'."
            )

    @property
    def told(self) -> dict[str, str]:
        """See the base class; `masks`, too."""
        return super().told | ({"masks": self.masks} if self.masks else {})


# What to find, and how: may change at run time


@dataclass(frozen=True)
class Queries:
    """What a node looks for.

    Attributes:
        query: What to find, in words; empty while there is no query yet.
        queries: What else to find, in the same pass; blank ones are left out.
    """

    query: str = parameter("", "What to find, in words. Unset: wait for topic query.")
    queries: tuple[str, ...] = parameter(("",), "What else to find, in the same pass.")

    @property
    def texts(self) -> tuple[str, ...]:
        """All queries, each once, in order, without blank ones."""
        return tuple(dict.fromkeys(filter(None, (text.strip() for text in (self.query, *self.queries)))))

    def check(self) -> None:
        """Refuses queries that no model could read.

        Raises:
            QueryError: A query is too long, or holds control tokens.
        """
        if len(self.texts) > MAX_QUERIES:
            raise InputError(f"There are {len(self.texts)} queries; expected at most {MAX_QUERIES}.")
        for text in self.texts:
            check_query(text)

    def check_change(self, given: Mapping[str, Any]) -> None:
        """Refuses new queries that cannot be used.

        Args:
            given: New values by name, also of other parameters.

        Raises:
            InputError: No query would be left, or one of them cannot be read by a model.
        """
        if not given.keys() & {"query", "queries"}:
            return
        proposed = Queries(given.get("query", self.query), tuple(given.get("queries", self.queries)))
        if not proposed.texts:
            raise InputError("query is empty; give words, or deactivate the node to pause it")
        proposed.check()


@dataclass(frozen=True)
class PointParameters(Queries):
    """What the point node does with every image.

    Attributes:
        min_score: Lowest score of a point, in [0, 1].
        max_points: Most points of a query; 0 is no limit.
        rate: Most images per second; 0 is as many as the model manages.
        overlay: Whether images with their points are drawn for subscribers.
        max_age: Oldest image in seconds that a question without an image is answered about; 0 is no limit.
        input_timeout: Seconds of silence of a camera before a warning; 0 is never.
    """

    min_score: float = parameter(0.0, "Points of a lower score are left out.", 0, 1)
    max_points: int = parameter(0, "At most this many points per query and image; 0 is no limit.", 0)
    rate: float = parameter(
        0.0, "At most this many images per second; 0 is as many as the model manages.", 0, 1000
    )
    overlay: bool = parameter(True, "Draw images with their points for subscribers.")
    max_age: float = parameter(
        1.0, "Oldest image that point_query is answered about, in seconds; 0 is no limit.", 0, 86400
    )
    input_timeout: float = parameter(2.0, INPUT_TIMEOUT, 0, 86400)

    @property
    def period(self) -> float:
        """Shortest time between two images in seconds; 0 is no limit."""
        return 1 / self.rate if self.rate else 0.0


@dataclass(frozen=True)
class TrackParameters(Queries):
    """What the track node follows, and until when.

    Attributes:
        overlay: Whether images with their tracks are drawn for subscribers.
        lost_after: Seconds after which a goal gives up an object that is not visible.
        not_found_after: Seconds after which a goal gives up that never found its object.
        input_timeout: Seconds of silence of the camera before a warning; 0 is never.
    """

    overlay: bool = parameter(True, "Draw images with their tracks for subscribers.")
    lost_after: float = parameter(3.0, "Seconds after which a goal gives up an object unseen.", 0, 86400)
    not_found_after: float = parameter(
        15.0, "Seconds after which a goal gives up that found nothing.", 0, 86400
    )
    input_timeout: float = parameter(2.0, INPUT_TIMEOUT, 0, 86400)
