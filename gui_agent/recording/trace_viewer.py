"""Renders the HTML page on which the trace of a run can be looked through."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from molmo_act._optional import import_optional

_PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title><style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; color: #222 }
section { display: grid; grid-template-columns: 22rem 1fr; gap: 1.5rem; padding: 1rem 0;
          border-top: 1px solid #ccc }
h2 { font-size: 1rem; margin: 0 0 .4rem } img { max-width: 100% } p { margin: .2rem 0 }
figure { margin: 0 0 .6rem } figcaption { color: #666 } .message { white-space: pre-wrap }
.changed { color: #106020 } .unchanged, .error { color: #b01020 } .unverifiable { color: #806000 }
</style></head>
<body><h1>{{ title }}</h1>
{%- macro place(it) %}({{ it.point[0] }}, {{ it.point[1] }}) {{ "%.2f" | format(it.score) }}{% endmacro %}
{%- for line in lines %}
{%- set outcome = line.error or line.effect or "done" %}
<section><div><h2>{{ line.step }}. {{ line.action }}</h2>
<p class="{{ "error" if line.error else outcome }}">{{ outcome }}</p>
{%- if line.message is defined %}<p class="message">{{ line.message }}</p>{% endif %}
{%- if line.arguments %}
<p>{% for name, value in line.arguments.items() %}{{ ", " if not loop.first }}{{ name }}={{ value | as_json }}
{%- endfor %}</p>
{%- endif %}
{%- for target in line.targets %}
<p>“{{ target.query }}”
{%- for name, value in target.items() if name != "query" %}
{{- " (" if loop.first else ", " }}{{ name }} {{ value }}{{ ")" if loop.last }}
{%- endfor %}</p>
{%- endfor %}
{%- for match in line.chosen or () %}{% set candidates = line.candidates[loop.index0] %}
<p>at {{ place(match) }}, of {{ candidates | length }}:
{% for candidate in candidates %}{{ place(candidate) }}{{ ", " if not loop.last }}{% endfor %}</p>
{%- endfor %}
<p>{{ "%.2f" | format(line.seconds) }} s, of these {{ "%.2f" | format(line.model_seconds or 0) }} s
the model</p>
</div><div>
{%- for name, moment in (("image", "before"), ("image_after", "after")) if line[name] %}
<figure>{% if line.image_after %}<figcaption>{{ moment }}</figcaption>{% endif -%}
<a href="{{ line[name] }}"><img src="{{ line[name] }}" loading="lazy" alt="{{ moment }}"></a></figure>
{%- endfor -%}
</div></section>
{%- endfor %}
</body></html>
"""


def render_page(lines: Sequence[Mapping[str, Any]]) -> str:
    """Renders the page of all steps; what the lines hold is escaped.

    Args:
        lines: Lines of the trace, as `gui_agent.recording.trace` writes them.

    Returns:
        A whole HTML document.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    page: str = _template().render(title=f"Run of {len(lines)} steps", lines=lines)
    return page


@lru_cache(maxsize=1)
def _template() -> Any:
    jinja2 = import_optional("jinja2", extra="gui", purpose="Recording a run")
    environment = jinja2.Environment(autoescape=True)
    environment.filters["as_json"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment.from_string(_PAGE)
