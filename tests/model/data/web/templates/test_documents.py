"""Desktop programs for documents: text, code, drawings, tables."""

from __future__ import annotations

import re

import pytest

from model.data.web.templates import documents
from tests.model.data.page_markup import check, check_kind, composer

KINDS = (documents.write_mail, documents.editor, documents.code_editor, documents.drawing,
         documents.spreadsheet)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_a_whole_document(kind) -> None:
    check_kind(kind)


def test_a_spreadsheet_counts_its_columns_and_rows() -> None:
    html = documents.spreadsheet(composer(width=900))
    heads = re.findall(r"<th>([A-Z]|\d+)</th>", html)
    columns = [head for head in heads if head.isalpha()]
    rows = [int(head) for head in heads if head.isdigit()]
    assert "".join(columns) == "ABCDEFGHI"  # as many as 900 pixels have room for
    assert rows == list(range(1, len(rows) + 1))
    assert html.count("<td>") == len(rows) * len(columns)


def test_mail_is_written_in_fields() -> None:
    assert check(documents.write_mail(composer())).tags["input"] >= 2
