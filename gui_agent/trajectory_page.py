"""A page of HTML to look through the record of a run; knows lines of a record, no files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; color: #222 }
section { display: grid; grid-template-columns: 22rem 1fr; gap: 1.5rem; padding: 1rem 0;
          border-top: 1px solid #ccc }
h2 { font-size: 1rem; margin: 0 0 .4rem } img { max-width: 100% } p { margin: .2rem 0 }
.changed { color: #106020 } .unchanged, .error { color: #b01020 } .unverifiable { color: #806000 }
"""


def page_of(lines: Sequence[Mapping[str, Any]]) -> str:
    """The page of all steps.

    Args:
        lines: Of the record, as `gui_agent.trajectory` writes them.
    """
    title = f"Run of {len(lines)} steps"
    head = f'<head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style></head>'
    body = "\n".join([f"<h1>{title}</h1>", *map(_section, lines)])
    return f'<!DOCTYPE html>\n<html lang="en">{head}\n<body>{body}\n</body></html>\n'


def _section(line: Mapping[str, Any]) -> str:
    outcome = line.get("error") or line.get("effect") or "done"
    kind = "error" if "error" in line else outcome
    told = ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in line["arguments"].items()
    )
    rows = [f'<p class="{escape(kind)}">{escape(outcome)}</p>']
    rows += [f"<p>{escape(line['message'])}</p>"] if "message" in line else []
    rows += [f"<p>{escape(told)}</p>"] if told else []
    rows += [f"<p>{escape(_named(target))}</p>" for target in line["targets"]]
    for place, candidates in zip(line.get("chosen", ()), line.get("candidates", ()), strict=True):
        rows.append(f"<p>at {_point(place)}, of {len(candidates)}: {', '.join(map(_point, candidates))}</p>")
    rows.append(f"<p>{line['seconds']:.2f} s, of these {line.get('model_seconds', 0):.2f} s the model</p>")
    picture = line.get("picture")
    shown = (
        f'<a href="{escape(picture)}"><img src="{escape(picture)}" loading="lazy" alt=""></a>'
        if picture
        else ""
    )
    heading = f"{line['step']}. {line['action']}"
    return f"<section><div><h2>{escape(heading)}</h2>{''.join(rows)}</div><div>{shown}</div></section>"


def _named(target: Mapping[str, Any]) -> str:
    more = ", ".join(f"{name} {value}" for name, value in target.items() if name != "query")
    return f"“{target['query']}”" + (f" ({more})" if more else "")


def _point(place: Mapping[str, Any]) -> str:
    return f"({place['point'][0]}, {place['point'][1]}) {place['score']:.2f}"
