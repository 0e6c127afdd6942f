"""The official script of ScreenSpot-Pro: boxes and points as shares of the image, and its reports.

likaixin2000/ScreenSpot-Pro-GUI-Grounding at bd8bbbb. It differs from Molmo2's rule, which compares pixels,
where rounding puts a point on an edge to the other side. A subset without rows has an accuracy of 0 there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

Outcome = Literal["correct", "wrong", "wrong_format"]


def outcome(row: Mapping[str, Any], share: Sequence[float] | None, result: str) -> Outcome:
    """Judges an answer.

    Args:
        row: ``bbox`` (x0, y0, x1, y1) and ``img_size`` in pixels, and ``gt_type``; "positive" unless it says.
        share: (x, y) as shares of the image; None where no point could be read.
        result: "positive", "negative" (nothing matches) or "wrong_format", as the answer was read.
    """
    if row.get("gt_type", "positive") == "negative":
        return "correct" if result == "negative" else "wrong_format" if result == "wrong_format" else "wrong"
    if share is None:
        return "wrong_format"
    width, height = row["img_size"]
    x0, y0, x1, y1 = row["bbox"]
    inside = x0 / width <= share[0] <= x1 / width and y0 / height <= share[1] <= y1 / height
    return "correct" if inside else "wrong"


def tally(rows: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Counts outcomes as the script reports them.

    Args:
        rows: The rows, with their ``ui_type``.
        outcomes: What `outcome` gave for each.
    """
    right = [found == "correct" for found in outcomes]

    def accuracy(kind: str | None) -> float:
        counted = [one for row, one in zip(rows, right, strict=True) if kind in (None, row["ui_type"])]
        return sum(counted) / len(counted) if counted else 0.0

    return {
        "num_correct_action": sum(right),
        "num_total": len(rows),
        "wrong_format_num": sum(found == "wrong_format" for found in outcomes),
        "action_acc": accuracy(None),
        "text_acc": accuracy("text"),
        "icon_acc": accuracy("icon"),
    }


REPORTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "fine_grained": lambda row: (
        f"plat:{row['platform']} app:{row['application']} "
        f"inst_style:{row['instruction_style']} gt_type:{row['gt_type']}"
    ),
    "seeclick_style": lambda row: (
        f"plat:{row['platform']} inst_style:{row['instruction_style']} gt_type:{row['gt_type']}"
    ),
    "leaderboard_simple_style": lambda row: f"group:{row['group']}",
    "leaderboard_detailed_style": lambda row: f"app:{row['application']}",
}
"""Report of the script → the name of the subset that a row is in."""


def reports(rows: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Makes all reports of the script.

    Args:
        rows: The rows, with ``platform``, ``application``, ``group``, ``instruction_style`` and ``gt_type``.
        outcomes: What `outcome` gave for each.

    Returns:
        Report → subset → what `tally` gives; and ``overall``.
    """
    found: dict[str, Any] = {"overall": tally(rows, outcomes)}
    for report, name in REPORTS.items():
        subsets: dict[str, list[int]] = {}
        for index, row in enumerate(rows):
            subsets.setdefault(name(row), []).append(index)
        found[report] = {
            subset: tally([rows[i] for i in indices], [outcomes[i] for i in indices])
            for subset, indices in subsets.items()
        }
    return found
