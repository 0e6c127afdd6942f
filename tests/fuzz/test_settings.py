"""Settings of processors and config.json: read, or refused by a CheckpointError that names the file."""

from __future__ import annotations

import json

import pytest

from molmo_act.models.checkpoint_files import read_json
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from molmo_act.models.molmo_point.image_processing_molmo_point import MolmoPointImageProcessor
from molmo_act.models.molmo_point.video_processing_molmo_point import MolmoPointVideoProcessor
from tests.support.fuzzing import broken, fuzzed, json_values, parses_or_refuses, spliced, st
from tests.support.tiny_checkpoint import TINY

PROCESSORS = [MolmoPointImageProcessor, MolmoPointVideoProcessor]
RIGHT = {processor: json.loads((TINY / processor.config_file).read_text()) for processor in PROCESSORS}
CONFIG = json.loads((TINY / "config.json").read_text())


@pytest.mark.parametrize("processor", PROCESSORS)
@fuzzed(json_values(), lambda value, rng: broken(RIGHT[rng.choice(PROCESSORS)], rng))
def test_processor_settings(settings, processor):
    settings = settings if isinstance(settings, dict) else {}
    with parses_or_refuses(processor.config_file):
        made = processor.from_dict(settings)
        assert made.geometry.crop_size > 0
        assert processor.from_dict(made.to_dict()).to_dict() == made.to_dict()


@fuzzed(st.just(CONFIG), broken, share=0.2)  # a configuration takes milliseconds
def test_config(config, memory_folder):
    folder = memory_folder / "config"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    with parses_or_refuses():
        MolmoPointForConditionalGeneration.from_pretrained(folder)  # at the latest it finds no weights


JSON_PIECES = [
    "{",
    "}",
    "[",
    "]",
    '"',
    ":",
    ",",
    "1",
    "-",
    "e9",
    "null",
    "NaN",
    "\\u",
    "\ud800",
    "\x00",
    "é",
    '{"a":',
]
HARD = ["[" * 100_000, '{"a":' * 100_000, "9" * 5000, '{"a": ' + "9" * 5000 + "}", "\ufeff{}"]


def read(text, folder):
    path = folder / "some.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with parses_or_refuses("some.json"):
        assert isinstance(read_json(path), dict)


@fuzzed(json_values().map(json.dumps), spliced(JSON_PIECES))
def test_json(text, memory_folder):
    read(text, memory_folder)


@pytest.mark.parametrize("text", HARD, ids=lambda text: text[:8])
def test_hard_json(text, tmp_path):
    read(text, tmp_path)
