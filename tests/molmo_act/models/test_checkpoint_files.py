"""Small files of a checkpoint: where they are looked for, what is refused, and tokenizers that both read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from molmo_act.errors import CheckpointError
from molmo_act.models import checkpoint_files
from tests.support.tiny_checkpoint import TINY

TOKENIZER = ("tokenizer.json", "tokenizer_config.json")


def test_files_are_found_in_a_folder_and_its_subfolder(tmp_path):
    (tmp_path / "part").mkdir()
    for place in (tmp_path, tmp_path / "part"):
        (place / "config.json").write_text("{}")
    assert checkpoint_files.find_file(tmp_path, "config.json") == tmp_path / "config.json"
    assert (
        checkpoint_files.need_file(tmp_path, "config.json", subfolder="part")
        == tmp_path / "part" / "config.json"
    )
    assert checkpoint_files.find_file(tmp_path, "other.json") is None
    assert checkpoint_files.find_file(tmp_path, "part") is None  # a folder is no file
    with pytest.raises(CheckpointError, match=r"has no file other\.json"):
        checkpoint_files.need_file(tmp_path, "other.json")


@pytest.mark.parametrize("source", ["{}/nothing", "./nothing", "../nothing", "~/nothing"])
def test_a_path_that_does_not_exist_is_not_looked_for_on_the_hub(tmp_path, source):
    with pytest.raises(CheckpointError, match=r"There is no folder .*nothing"):
        checkpoint_files.find_file(source.format(tmp_path), "config.json")


def test_a_file_is_no_checkpoint(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="is a file; expected the folder"):
        checkpoint_files.find_file(tmp_path / "file", "config.json")


def test_a_repository_out_of_reach(tmp_path):
    where = {"cache_dir": tmp_path, "local_files_only": True}
    with pytest.raises(CheckpointError, match=r"no folder 'one/two', and the hub did not give .*network"):
        checkpoint_files.need_file("one/two", "config.json", **where)
    assert checkpoint_files.find_file("one/two", "chat_template.jinja", **where) is None


def test_json_is_written_sorted_and_read_again(tmp_path):
    path = tmp_path / "settings.json"
    checkpoint_files.write_json(path, {"b": [1, 2], "a": "é"})
    assert path.read_text().index('"a"') < path.read_text().index('"b"')
    assert checkpoint_files.read_json(path) == {"a": "é", "b": [1, 2]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[]", "holds a list; expected a JSON object"),
    ],
)
def test_other_json_is_refused(tmp_path, content, message):
    (tmp_path / "settings.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        checkpoint_files.read_json(tmp_path / "settings.json")


def test_a_tokenizer_is_saved_as_transformers_4_reads_it(tmp_path):
    tokenizer = checkpoint_files.load_tokenizer(TINY)
    assert tokenizer.padding_side == "left"
    written = checkpoint_files.save_tokenizer(tokenizer, tmp_path)
    assert {str(tmp_path / name) for name in TOKENIZER} <= set(written)
    saved = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert saved["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert "<im_patch>" in saved["additional_special_tokens"]
    assert "auto_map" not in saved
    again = checkpoint_files.load_tokenizer(tmp_path)
    assert again.get_vocab() == tokenizer.get_vocab()
    assert again.encode("Point to <POINT_3>") == tokenizer.encode("Point to <POINT_3>")


@pytest.mark.parametrize("name", TOKENIZER)
def test_a_tokenizer_with_a_file_missing_or_damaged_is_refused(tmp_path, name):
    for each in TOKENIZER:
        shutil.copy(TINY / each, tmp_path)
    (tmp_path / name).write_text("{")
    with pytest.raises(CheckpointError, match=f"{name} is not valid JSON"):
        checkpoint_files.load_tokenizer(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(CheckpointError, match=f"no file {name}"):
        checkpoint_files.load_tokenizer(tmp_path)


UNREACHABLE = """
import sys, time
import molmo_act
load = molmo_act.load
import molmo_act.pointing.load  # torch and transformers, before the clock starts
imported = time.monotonic()
try:
    print(load(sys.argv[1], device="cpu").model.config.model_type)
except molmo_act.CheckpointError as error:
    print(error)
print(time.monotonic() - imported)
"""


def load_without_network(name: str, home: Path, **more: str) -> tuple[str, float, list[str]]:
    """What loading prints, how long it takes, and what comes on stderr, where nothing answers at the hub."""
    folder = home / "hub" / "models--one--two"
    if not folder.exists():
        ignored = shutil.ignore_patterns("case_*", "*.md", "logits_*")
        shutil.copytree(TINY, folder / "snapshots" / "a1", ignore=ignored)
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("a1")
    paths = ":".join(path for path in sys.path if path)
    env = os.environ | {"PYTHONPATH": paths, "HF_HOME": str(home), "HF_ENDPOINT": "http://127.0.0.1:9"} | more
    command = [sys.executable, "-c", UNREACHABLE, name]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True)
    said, seconds = done.stdout.splitlines()
    return said, float(seconds), [line for line in done.stderr.splitlines() if "hub" in line.lower()]


@pytest.mark.slow
@pytest.mark.parametrize("offline", ["0", "1"])
def test_a_complete_cache_loads_at_once_without_a_network(tmp_path, offline):
    said, seconds, lines = load_without_network("one/two", tmp_path, HF_HUB_OFFLINE=offline)
    assert said == "molmo_point"
    assert seconds < 15  # five tries for each file took minutes
    expected = [] if offline == "1" else ["The hub cannot be reached; one/two is loaded from the cache."]
    assert lines == expected


@pytest.mark.slow
@pytest.mark.parametrize("offline", ["0", "1"])
def test_a_wrong_name_fails_at_once_without_a_network(tmp_path, offline):
    said, seconds, _ = load_without_network("one/three", tmp_path, HF_HUB_OFFLINE=offline)
    assert "There is no folder 'one/three', the cache has no checkpoint of that name" in said
    assert seconds < 15


@pytest.mark.parametrize("status", [401, 404])
def test_a_name_that_the_hub_does_not_know_is_refused_by_one_request(monkeypatch, status):
    asked = []

    class Session:
        def head(self, url: str, **options: object) -> SimpleNamespace:
            asked.append(url)
            return SimpleNamespace(status_code=status)

    monkeypatch.setattr("huggingface_hub.get_session", Session)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with pytest.raises(CheckpointError, match=r"no repository of that name that you may read.*log in"):
        checkpoint_files.hub_options("one/three", {})
    assert len(asked) == 1
    assert checkpoint_files.hub_options(TINY, {}) == {}
    assert checkpoint_files.hub_options("one/three", {"local_files_only": True}) == {"local_files_only": True}


@pytest.mark.parametrize("length", [300, 5000])
def test_a_name_that_is_too_long_is_an_error_of_ours(length):
    with pytest.raises(CheckpointError, match="cannot be looked for: File name too long"):
        checkpoint_files.hub_options("n" * length, {})
