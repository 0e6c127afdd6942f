"""Scripts in YAML and traces of runs: steps that can be prepared, or an InputError that says which cannot."""

from __future__ import annotations

import json

import pytest

from gui_agent.recording.script import read_script
from gui_agent.recording.step import ActionStep, selector_from
from gui_agent.recording.trace import STEPS, read_steps
from tests.support.fuzzing import broken, fuzzed, json_values, parses_or_refuses, spliced, st

LINES = [
    "- click: the File menu",
    "- fill: {target: the name field, text: Ünal}",
    "- press: ctrl+s",
    "- drag: {target: the slider, to: the right end}",
    "- click: {target: {query: OK, region: {window: Files}}, button: right}",
    "- expect: a dialog",
    "- scroll_until: {target: the heading, over: the list}",
    "- scroll: 3",
]
PIECES = [
    *(
        "- ",
        "click",
        ": ",
        "{",
        "}",
        "[",
        "]",
        "target",
        "query",
        "region",
        "area",
        "near",
        "index",
        "\n",
        "  ",
    ),
    *("&a ", "*a", "<<: ", "!!python/object:os.system ", "!!int ", "!!map ", "!!timestamp ", "2026-99-99"),
    *(
        "? ",
        "|",
        ">",
        "'",
        '"',
        "#",
        "%YAML 9.9\n",
        "---\n",
        "...\n",
        "\t",
        ".nan",
        "0x",
        "1:99",
        "=",
        "~",
        "@",
    ),
]
BOMB = "- &a [x, x]\n" + "".join(f"- &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24))


def read(path):
    with parses_or_refuses():
        for step in read_script(path):
            assert isinstance(step, ActionStep)
            for target in step.targets:
                selector_from(target)


HARD = [
    BOMB,
    "[" * 5000,
    "- " * 5000,
    "- click: " + "9" * 5000,
    "- {2026-99-99: x}",
    "- !!map x",
    "- !!int ''",
    "- &a [*a]",
    "- click: {target: &a {query: x, near: *a}}",
    "- click: " + "{target: " * 200,
    "- click: {target: " + "{query: x, near: " * 30 + "y" + "}" * 31,
]


def read_text(text, folder):
    path = folder / "script.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    read(path)


@fuzzed(
    st.lists(
        st.sampled_from(LINES).map(lambda line: line + "\n") | st.sampled_from(PIECES) | st.text(max_size=3),
        max_size=12,
    ).map("".join),
    spliced(PIECES),
)
def test_scripts(text, memory_folder):
    read_text(text, memory_folder)


@pytest.mark.parametrize("text", HARD, ids=lambda text: text[:12])
def test_hard_scripts(text, tmp_path):
    read_text(text, tmp_path)


STEP = {
    "step": 1,
    "time": 1764500000.125,
    "action": "click",
    "targets": [{"query": "OK", "region": {"area": [0, 0, 640, 480]}, "near": {"query": "the title"}}],
    "arguments": {"button": "left", "timeout": 5.0},
    "effect": "changed",
    "dry_run": False,
}


HARD_LINES = [
    "[" * 100_000,
    '{"action": "click", "arguments": {}, "targets": ' + "[" * 990 + "]" * 990 + "}",
    '{"action": "click", "arguments": {}, "targets": ['
    + '{"query": "a", "near": ' * 300
    + '"b"'
    + "}" * 300
    + "]}",
    '{"step": ' + "9" * 5000 + "}",
    '{"action": ["click"], "arguments": {}, "targets": []}',
    '{"action": "click", "arguments": [], "targets": {}}',
]


def read_line(line, folder):
    folder.mkdir(exist_ok=True)
    (folder / STEPS).write_bytes((json.dumps(STEP) + "\n" + line).encode("utf-8", "surrogatepass"))
    with parses_or_refuses():
        for step in read_steps(folder):
            assert isinstance(step.action, str)
            for target in step.targets:
                selector_from(target)


@fuzzed(json_values(), lambda value, rng: broken(STEP, rng))
def test_traces(step, memory_folder):
    read_line(json.dumps(step), memory_folder / "trace")


@fuzzed(
    st.just(json.dumps(STEP)) | st.text(max_size=20),
    spliced(["{", "}", "[", "]", '"', ",", "9" * 20, "\ud800"]),
)
def test_damaged_traces(line, memory_folder):
    read_line(line, memory_folder / "damaged")


@pytest.mark.parametrize("line", HARD_LINES, ids=lambda line: line[:30])
def test_hard_traces(line, tmp_path):
    read_line(line, tmp_path / "trace")
