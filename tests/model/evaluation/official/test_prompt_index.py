"""The template of every recorded row is the official one."""

from __future__ import annotations

from model.evaluation.official.prompt_index import ask, template_index
from tests.model.evaluation.oracle import oracle


def test_rows_get_the_template_of_the_official_program():
    for case in oracle("prompt_template_index")["cases"]:
        for count in set(case) - {"i"}:
            assert template_index(case["i"], int(count)) == case[count], case


def test_the_label_is_put_into_the_template():
    assert ask(3, "mug", ["Point to {}"]) == "Point to mug"
