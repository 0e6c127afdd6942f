"""One named thing in a picture; knows places and sizes, no words for them and no pixels."""

from __future__ import annotations

from dataclasses import dataclass

from model.data.sample import Target


@dataclass(frozen=True, eq=False)
class Thing:
    """One named thing in a picture.

    Attributes:
        noun: "mug", "circle".
        colour: Its colour name; None when nobody could say for sure.
        is_shape: Whether it is a geometric shape.
        target: Where it is visible.
        area: Pixels it covers, hidden ones included; sizes are compared by it. In a room: those it would
            cover if everything were equally far from the camera.
        stands: (x, y) of the picture where it stands, which may be hidden; sides and relations are judged by
            it. None in a flat picture, where they are judged by the target.
    """

    noun: str
    colour: str | None
    is_shape: bool
    target: Target
    area: float
    stands: tuple[float, float] | None = None

    @property
    def place(self) -> tuple[float, float]:
        """(x, y) by which sides and relations are judged, pixels of the picture."""
        return self.stands or self.target.point

    @property
    def phrase(self) -> str:
        """Colour and noun as far as known: "red circle"."""
        return f"{self.colour} {self.noun}" if self.colour else self.noun


def by_noun(things: list[Thing]) -> dict[str, list[Thing]]:
    """The things of every noun, in the order of their first."""
    groups: dict[str, list[Thing]] = {}
    for thing in things:
        groups.setdefault(thing.noun, []).append(thing)
    return groups
