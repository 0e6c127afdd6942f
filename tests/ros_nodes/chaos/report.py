"""What a run of chaos found."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Report:
    """What happened.

    Attributes:
        seed: Of the random events.
        seconds: How long it took.
        events: How often each event happened.
        checked: Points in space that were compared with the truth.
        goals: How goals ended, by error code.
        broken: Broken messages that were sent.
        growth_mib: Largest growth of a node's own memory.
        noticed_s: Longest time from the last message of an input to the report that it is dead.
        silent_s: Longest time after an event until both chains of nodes answered again.
        lateness_s: Longest time that this process was late with an image, as the machine had other work.
        faults: What went wrong, in words.
    """

    seed: int
    seconds: float = 0.0
    events: Counter = field(default_factory=Counter)
    checked: int = 0
    goals: Counter = field(default_factory=Counter)
    broken: int = 0
    growth_mib: float = 0.0
    noticed_s: float = 0.0
    silent_s: float = 0.0
    lateness_s: float = 0.0
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        """Keeps what went wrong, and says it at once."""
        print(f"fault: {text}", file=sys.stderr, flush=True)
        self.faults.append(text)
