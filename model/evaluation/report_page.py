"""The page of a report: one HTML file that needs nothing else, with tables, images, truth and worst cases."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from model.evaluation.benchmark import Case, Prediction, Record, fingerprint, of
from model.evaluation.report_table import difference_text, interval_text, number, shown
from model.evaluation.summary import Result, difference
from model.evaluation.video_pictures import picture_of
from model.evaluation.video_sources import ShownVideo
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file

WORST, BEST = 8, 4
SIDE = 420  # pixels of an image on the page
STYLE = """body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem}
table{border-collapse:collapse;margin:.6rem 0}
td,th{border:1px solid #ccc;padding:.25rem .6rem;text-align:right}
td:first-child,th:first-child{text-align:left}tr.own{font-weight:600}figure{display:inline-block;width:27rem;
margin:.5rem;vertical-align:top}figure img{max-width:100%}figcaption{font-size:13px;overflow-wrap:anywhere}
.bad{color:#a40000}.good{color:#006400}nav a{margin-right:1rem}"""


def write_page(path: Path, groups: Sequence[Sequence[Result]]) -> None:
    """Writes the page.

    Args:
        path: Where to.
        groups: The results, those of a benchmark together.
    """
    links = "".join(
        f'<a href="#{group[0].benchmark.name}">{_text(group[0].benchmark.title)}</a>' for group in groups
    )
    sections = "".join(_section(group) for group in groups)
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Evaluation</title>'
        f"<style>{STYLE}</style><h1>Evaluation</h1><nav>{links}</nav>{sections}</html>\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as partial:
        partial.write_text(page, encoding="utf-8", errors="replace")


def _text(value: object) -> str:
    """Text of data sets and models as text: nothing in it becomes part of the page."""
    return html.escape(str(value), quote=True)


def _section(group: Sequence[Result]) -> str:
    benchmark = group[0].benchmark
    parts = [f'<h2 id="{benchmark.name}">{_text(benchmark.title)}</h2><p>{_text(benchmark.protocol)}</p>']
    parts.append(_table(group))
    for result in group:
        for reason, count in result.main_problems:
            parts.append(
                f'<p class="bad">{_text(result.label)}: {count:,} of {len(result.records):,} rows count as '
                f"wrong: {_text(reason)}</p>"
            )
    texts = [difference_text(group[0], other, difference(other, group[0])) for other in group[1:]]
    parts += [f"<p>{_text(text)}</p>" for text in texts]
    parts += [_pictures(result) for result in group]
    return "".join(parts)


def _table(group: Sequence[Result]) -> str:
    benchmark = group[0].benchmark
    names = shown(benchmark, group)
    rows = ["<tr><th>model<th>rows" + "".join(f"<th>{_text(name)}" for name in names)]
    for result in group:
        cells = [number(result.figures.get(name, float("nan")), benchmark.scale_of(name)) for name in names]
        if benchmark.headline in names:
            cells[names.index(benchmark.headline)] += interval_text(result)
        rows.append(
            f'<tr class="own"><td>{_text(result.label)} ({_text(result.run)})<td>{result.coverage}'
            + "".join(f"<td>{cell}" for cell in cells)
        )
    for model, figures in benchmark.published.items():
        if set(figures) & set(names):
            cells = [f"{figures[name]:g}" if name in figures else "" for name in names]
            rows.append(f"<tr><td>{_text(model)} (published)<td>" + "".join(f"<td>{cell}" for cell in cells))
    return f"<table>{''.join(rows)}</table>"


def chosen(result: Result) -> tuple[list[Record], list[Record]]:
    """Chooses which cases the page shows: the worst and the best by their first score."""
    scored = [record for record in result.records if record.scores]
    if not scored:
        return [], []
    key = next(iter(scored[0].scores))
    try:
        ranked = sorted(scored, key=lambda record: (of(record, key), record.index))
    except (TypeError, ValueError):  # a score that is no number
        ranked = scored
    return ranked[:WORST], ranked[max(WORST, len(ranked) - BEST) :]


def _pictures(result: Result) -> str:
    try:
        data = result.benchmark.cases(Path(result.header["data"]))
    except InputError as problem:
        return f"<p>No images of {_text(result.label)}: {_text(problem)}</p>"
    if fingerprint(data) != result.header["data_sha256"]:
        return f"<p>No images of {_text(result.label)}: the data set has changed since.</p>"
    cases = {case.index: case for case in data}
    worst, best = chosen(result)
    found = [f"<h3>{_text(result.label)}: worst cases</h3>", *(_figure(result, cases, one) for one in worst)]
    if best:
        found += [
            f"<h3>{_text(result.label)}: best cases</h3>",
            *(_figure(result, cases, one) for one in best),
        ]
    return "".join(found)


def _figure(result: Result, cases: Mapping[int, Case], record: Record) -> str:
    case = cases.get(record.index)
    if case is None:
        return ""
    prediction = record.prediction or Prediction()
    numbers = {name: value for name, value in record.scores.items() if isinstance(value, (int, float))}
    scores = ", ".join(f"{name} {value}" for name, value in numbers.items())
    truth = _truth(result, case)
    lines = [f"<b>row {record.index}</b>: {_text(case.query or case.prompt)}"]
    if truth.get("text"):
        lines.append(f"truth: {_text(truth['text'])}")
    lines.append(f"answer: {_text(prediction.text[:300])}")
    lines.append(f"<span>{_text(scores[:300])}</span>")
    if record.problem is not None:
        lines.append(f'<span class="bad">{_text(record.problem)}</span>')
    return f"<figure>{_image(case, prediction, truth)}<figcaption>{'<br>'.join(lines)}</figcaption></figure>"


def _truth(result: Result, case: Case) -> Mapping[str, Any]:
    try:
        return result.benchmark.truth(case)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return {"text": "damaged"}


def _image(case: Case, prediction: Prediction, truth: Mapping[str, Any]) -> str:
    try:
        shown = case.read() if case.problem is None else None
        if isinstance(shown, ShownVideo):
            shown, prediction = picture_of(shown, prediction)
    except InputError:
        shown = None
    if isinstance(shown, (list, tuple)) and shown:
        shown = shown[0]
    if not isinstance(shown, np.ndarray) or shown.ndim != 3:
        return ""
    picture = draw(shown, prediction, truth)
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=80)
    data = base64.b64encode(encoded.getvalue()).decode()
    return f'<img alt="" src="data:image/jpeg;base64,{data}">'


def draw(image: np.ndarray, prediction: Prediction, truth: Mapping[str, Any]) -> Image.Image:
    """Draws truth in green and predicted points in red on an image that is made small.

    Args:
        image: uint8 RGB (H, W, 3).
        prediction: The answer.
        truth: What `Benchmark.truth` gave.

    Returns:
        The picture.
    """
    shown = image
    for mask in truth.get("masks", ()):
        if mask.shape == image.shape[:2]:
            shown = np.where(
                mask[..., None], (0.6 * shown + 0.4 * np.array([0, 200, 0])).astype(np.uint8), shown
            )
    picture = Image.fromarray(shown)
    scale = min(1.0, SIDE / max(picture.size))
    picture = picture.resize([max(1, round(side * scale)) for side in picture.size])
    canvas = ImageDraw.Draw(picture)
    for box in truth.get("boxes", ()):
        x0, x1 = sorted((box[0] * scale, box[2] * scale))
        y0, y1 = sorted((box[1] * scale, box[3] * scale))
        canvas.rectangle((x0, y0, x1, y1), outline=(0, 160, 0), width=2)
    for number_, (x, y) in enumerate(prediction.xy * scale):
        reach = 5 if number_ else 7  # the first point is the one that counts on screens
        canvas.ellipse((x - reach, y - reach, x + reach, y + reach), outline=(220, 0, 0), width=2)
        canvas.ellipse((x - 1, y - 1, x + 1, y + 1), fill=(220, 0, 0))
    return picture
