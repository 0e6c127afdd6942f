"""What a checkpoint is asked: by its own templates, by released ones, or by a caller's."""

from __future__ import annotations

import json
import shutil

import pytest

from molmo_act.errors import CheckpointError, InputError
from molmo_act.formats.prompt_templates import PromptTemplates
from molmo_act.models.molmo_point.processing_molmo_point import MolmoPointProcessor
from tests.support.tiny_checkpoint import TINY

ASKED = [
    (None, "Point to the {mug}"),  # braces of a query are words
    ("point", "Point to the {mug}"),
    ("gui", "Click the {mug}"),
    ("track", "Track the {mug}"),
    ("raw", "the {mug}"),
    ("Where is {}?", "Where is the {mug}?"),
]


@pytest.mark.parametrize(("prompt", "question"), ASKED)
def test_released_models_are_asked(prompt, question):
    assert PromptTemplates().ask("the {mug}", prompt) == question


@pytest.mark.parametrize("prompt", ["click", "", "{} and {}", "{0}", "{mug}", 3])
def test_what_is_no_template_is_refused(prompt):
    with pytest.raises(
        InputError, match=r"prompt is .*; expected 'point', 'gui', 'track', 'raw', or a template"
    ):
        PromptTemplates().ask("the mug", prompt)


def test_templates_are_read_and_written_where_they_differ():
    assert PromptTemplates.of(None).to_dict() == {}
    said = {"gui": "{}", "default": "gui"}
    assert PromptTemplates.of(said).to_dict() == said
    assert PromptTemplates.of(said).ask("Save the document") == "Save the document"
    assert PromptTemplates.of(said).ask("the mug", "point") == "Point to the mug"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"point": "Point"}, "with one {}"),
        ({"point": "{} {}"}, "with one {}"),
        ({"gui": 3}, "with one {}"),
        ({"default": "click"}, "expected 'point', 'gui' or 'raw'"),
        ({"click": "{}"}, "expected templates by name"),
        ("Point to {}", "expected templates by name"),
    ],
)
def test_a_checkpoint_that_says_something_else_is_refused(said, message):
    with pytest.raises(CheckpointError, match=message):
        PromptTemplates.of(said)


def test_templates_are_saved_with_the_processor(tmp_path):
    shutil.copytree(TINY, tmp_path / "gui")
    settings = json.loads((TINY / "processor_config.json").read_text())
    (tmp_path / "gui/processor_config.json").write_text(
        json.dumps(settings | {"prompts": {"default": "raw", "track": "Follow {}"}})
    )
    processor = MolmoPointProcessor.from_pretrained(tmp_path / "gui")
    assert processor.prompts.ask("the mug") == "the mug"
    processor.save_pretrained(tmp_path / "saved")
    again = MolmoPointProcessor.from_pretrained(tmp_path / "saved")
    assert again.prompts == processor.prompts
    released = MolmoPointProcessor.from_pretrained(TINY)
    assert "prompts" not in released.to_dict()
