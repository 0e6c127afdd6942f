"""A chat template that goes on without end is stopped in every thread, and leaves no trace behind."""

from __future__ import annotations

import shutil
import sys
import threading
import time

import pytest

from molmo_act.errors import CheckpointError, InputError
from molmo_act.models.molmo_point import template_limit
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor
from molmo_act.models.molmo_point.template_limit import limited_time
from tests.support.tiny_checkpoint import TINY, tiny_processor

QUESTION = [{"role": "user", "content": "Point to the mug"}]
WIDE = "range(100000)"
DEEP = "{% if loop.depth < 90 %}{{ loop(range(100000)) }}{% endif %}"
ENDLESS = [
    f"{{% for a in {WIDE} %}}{{% for b in {WIDE} %}}{{% endfor %}}{{% endfor %}}",
    f"{{% for a in {WIDE} %}}{{{{ {WIDE} | sum }}}}{{% endfor %}}",
    f"{{% for a in {WIDE} %}}{{% for b in {WIDE} if b < 0 %}}{{% endfor %}}{{% endfor %}}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    f"{{% for a in {WIDE} recursive %}}{DEEP}{{% endfor %}}",
]


@pytest.fixture(autouse=True)
def untraced():
    """A debugger or a measurement of coverage would take the place of the limit."""
    before = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(before)


def outcome(template: str) -> str:
    try:
        return str(tiny_processor().apply_chat_template(QUESTION, chat_template=template))
    except InputError as exc:
        return str(exc)


@pytest.mark.parametrize("template", ENDLESS)
def test_a_template_without_end(template, monkeypatch):
    monkeypatch.setattr(template_limit, "TEMPLATE_SECONDS", 0.2)
    began = time.thread_time()
    assert "(it takes more than 0.2 s of processor time). Check chat_template" in outcome(template)
    assert time.thread_time() - began < 5
    assert sys.gettrace() is None
    assert "Point to the mug" in outcome(tiny_processor().chat_template)


def test_loading_names_the_checkpoint(monkeypatch, tmp_path):
    monkeypatch.setattr(template_limit, "TEMPLATE_SECONDS", 0.2)
    folder = tmp_path / "endless"
    shutil.copytree(TINY, folder)
    (folder / "chat_template.jinja").write_text(ENDLESS[0])
    with pytest.raises(CheckpointError, match=r"of '.*endless' cannot be used \(it takes more than"):
        MolmoPointProcessor.from_pretrained(folder)


def test_in_another_thread(monkeypatch):
    monkeypatch.setattr(template_limit, "TEMPLATE_SECONDS", 0.2)
    found = []
    thread = threading.Thread(target=lambda: found.append(outcome(ENDLESS[0])), daemon=True)
    thread.start()
    thread.join(60)
    assert "more than 0.2 s" in found[0]


def test_only_the_time_of_its_own_thread_counts(monkeypatch):
    monkeypatch.setattr(template_limit, "TEMPLATE_SECONDS", 0.2)
    with limited_time():
        time.sleep(0.3)
        assert len("mug".upper()) == 3


def test_a_debugger_keeps_its_place():
    def debugger(frame, event, arg):
        return None

    sys.settrace(debugger)
    with limited_time():
        assert sys.gettrace() is debugger
    assert sys.gettrace() is debugger
    sys.settrace(None)
