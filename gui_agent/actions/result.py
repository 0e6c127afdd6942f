"""What is known of an action after it happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gui_agent.vision.annotate import draw_crosses
from gui_agent.vision.diff import Effect
from gui_agent.vision.grounder import Match
from gui_agent.vision.screenshot import Screenshot

if TYPE_CHECKING:
    from PIL import Image


WAITS = ("expect", "expect_hidden", "expect_count", "expect_other_count")
"""Actions that wait for something to be visible, to be hidden, to be there so often, and not so often."""


@dataclass(frozen=True)
class ActionResult:
    """One action and what could be seen of its effect.

    Attributes:
        action: What was done: "click", "hover", "drag", "scroll", "fill", "clear", "type", "press"; or one of
            `WAITS`.
        effect: "changed": the screen looks different and stays so; "unchanged": it looks as before, so that
            most likely nothing happened; "unverifiable": it was moving by itself, or nothing was done
            because of a dry run. Of a wait, whether what was waited for came about meanwhile.
        targets: The places acted on, in the order in which they were used; empty for keys without a target.
        before: The screen just before the action, the pointer already in its place; of a wait, the first
            look.
        after: The screen when its effect had been seen, or when none had come.
        seconds: From the call to this result.
        model_seconds: How much of it the model took.
        act_seconds: How much of it mouse and keyboard took.
        verify_seconds: How much of it went into seeing the effect.
        dry_run: Whether nothing was done.
        arguments: Arguments of the action by name, as plain values; secrets as dots.
    """

    action: str
    effect: Effect
    targets: tuple[Match, ...]
    before: Screenshot = field(repr=False)
    after: Screenshot = field(repr=False)
    seconds: float
    model_seconds: float
    act_seconds: float = 0.0
    verify_seconds: float = 0.0
    dry_run: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def point(self) -> tuple[int, int] | None:
        """The first place acted on (x, y), in input points; None for keys without a target."""
        return self.targets[0].point if self.targets else None

    @property
    def score(self) -> float | None:
        """The model's probability of the first place, in [0, 1]; None for keys without a target."""
        return self.targets[0].score if self.targets else None

    def draw(self) -> Image.Image:
        """Draws a cross on each place, on the screen before the action or the last look of a wait.

        Returns:
            An RGB image of the size of the screenshot.
        """
        shot = self.after if self.action in WAITS else self.before
        middles = [(match.point[0] + 0.5, match.point[1] + 0.5) for match in self.targets]
        return draw_crosses(shot.to_image(), [shot.view.to_pixels(*middle) for middle in middles])
