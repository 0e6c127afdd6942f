"""A finding as plain values."""

from __future__ import annotations

import json

from molmo_act.doctor.finding import Finding


def test_it_goes_through_json() -> None:
    found = Finding(
        "nf4", "compute", "missing", None, "bitsandbytes is not installed", 0.25, "pip install it"
    )
    assert Finding(**json.loads(json.dumps(found.to_dict()))) == found
