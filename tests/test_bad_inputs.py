"""The corpus of bad inputs: every row is refused by the error it names, or gives the result it names.

`tests/data/bad_inputs/README.md` says what a row holds. No other exception is right, and none takes long.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from molmo_act import errors
from tests.support.bad_inputs import ASK, tiny

yaml = pytest.importorskip("yaml")
pytest.importorskip("av")

TABLES = Path(__file__).parent / "data" / "bad_inputs"
SECONDS = {"checkpoints": 20.0}
"""Of processor time, for tables whose rows take more than one."""


def rows_of(table: str) -> list[Any]:
    rows = yaml.safe_load((TABLES / f"{table}.yaml").read_text(encoding="utf-8"))
    return [pytest.param(table, row, id=f"{table}-{row['id']}") for row in rows]


ROWS = [row for table in ASK for row in rows_of(table)]


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    tiny()  # not within the time of the first row


def check(table: str, row: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.process_time()
    if "error" in row:
        with pytest.raises(errors.MolmoActError) as caught:
            ASK[table](row, folder)
        assert type(caught.value).__name__ == row["error"], caught.value
        said = str(caught.value)
    else:
        assert ASK[table](row, folder) == row["result"]
        said = capsys.readouterr().err
    assert row.get("says", "") in said
    assert time.process_time() - began < SECONDS.get(table, 1.0) * 3, "three times what it takes alone"


@pytest.mark.parametrize(("table", "row"), [row for row in ROWS if row.values[0] != "checkpoints"])
def test_row(table, row, tmp_path, capsys):
    check(table, row, tmp_path, capsys)


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore:Initializing zero-element tensors"
)  # of sizes that are refused right after
@pytest.mark.parametrize(("table", "row"), [row for row in ROWS if row.values[0] == "checkpoints"])
def test_checkpoint(table, row, tmp_path, capsys):
    check(table, row, tmp_path, capsys)


def test_the_corpus_is_large_and_has_no_row_twice():
    names = [row.id for row in ROWS]
    assert len(names) == len(set(names)) >= 200
