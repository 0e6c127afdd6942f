"""The cache folder and the tables."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from model.data import paths
from model.data.paths import table_lines, table_sections


def test_tables_are_well_formed() -> None:
    for name in ("emoji_nouns.txt", "stamp_nouns.txt", "spoken_names.txt"):
        left = [line.split(" = ")[0] for line in table_lines(name)]
        assert all(" = " in line for line in table_lines(name))
        assert len(set(left)) == len(left)
    everyday = table_lines("everyday_nouns.txt")
    assert len(set(everyday)) == len(everyday)
    assert set(table_sections("uncountable.txt")) == {"plural only", "uncounted"}


def test_the_environment_names_the_cache_before_all_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "mine"))
    assert paths.cache_folder() == tmp_path / "mine"
    monkeypatch.setenv(paths.CACHE_VARIABLE, "~/mine")
    assert paths.cache_folder() == Path.home() / "mine"


def test_a_cache_in_the_checkout_is_used_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(paths.CACHE_VARIABLE, raising=False)
    module = tmp_path / "model" / "data" / "paths.py"
    monkeypatch.setattr(paths, "__file__", str(module))
    assert paths.cache_folder() == user_cache_path("molmo-act")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "platformdirs", None)
        assert paths.cache_folder() == user_cache_path("molmo-act")  # the options of commands need no extra
    (tmp_path / ".cache").mkdir()
    assert paths.cache_folder() == tmp_path.resolve() / ".cache"


def test_tables_are_read_without_comments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "_TABLES", tmp_path)
    (tmp_path / "t.txt").write_text("# what it is\nfirst\n\n[one]\n  a b \n#c\n[two]\nd\n[one]\ne\n")
    assert table_lines("t.txt") == ["first", "[one]", "a b", "[two]", "d", "[one]", "e"]
    assert table_sections("t.txt") == {"": ["first"], "one": ["a b", "e"], "two": ["d"]}
