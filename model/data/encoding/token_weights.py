"""How much every answer counts in the loss: Molmo2's token weights.

Long captions would drown short answers, and images with many questions those with one. So a branch of n loss
tokens among b branches weighs 2 / √n · 1 / √b for each token; kinds whose answers are all alike have a flat
weight instead (Molmo2 paper, "token weighting").
"""

from __future__ import annotations

import math

FLAT = {"pointing": 0.2, "tracking": 0.2, "video_caption": 0.1}


def token_weight(kind: str, loss_tokens: int, branches: int) -> float:
    """Returns the weight of every loss token of one branch.

    Args:
        kind: What the branch answers; those of `FLAT` weigh the same whatever their number and length.
        loss_tokens: Tokens of the answer, the end token included; at least 1.
        branches: Branches of the tree; at least 1.
    """
    return FLAT.get(kind) or 2 / math.sqrt(loss_tokens * branches)
