"""The number that an answer states, and what is none."""

from __future__ import annotations

import pytest

from molmo_act.formats.stated_count import stated_count

STATED = {
    "Counting the mugs shows a total of 12.": 12,
    "Counting the cups that are not red shows a total of 3.": 3,  # a label may hold any word
    "The total number of mugs is: 7": 7,
    'The total number of "dogs" is: 11.\nThey are located at: .': 11,
    "There are 3 mugs.": 3,
    "There is 1 mug on the table.": 1,
    "THERE ARE 4": 4,
    "12.": 12,
    # thousands
    "There are 1,234 people.": 1234,
    "Counting the ants shows a total of 1,500.": 1500,
    "There are 1\u202f234 people, 1\u2009234\u2009567 ants.": 1234,
    "There are 12\u00a0345\u00a0678 ants.": 12345678,
    "1,000": 1000,
    # what follows a number without changing it
    "There are 12, 3 of them red.": 12,
    "There are 12: all red.": 12,
    "There are 3 to the left.": 3,
    "There are 3 mugs and 2 of them are red.": 3,
    "There are 12 birds, 2 on the left and 10 on the right.": 12,
    # none
    "There are none.": 0,
    "There are no mugs.": 0,
    "There are no mugs on the table, and the chair is blue.": 0,
    "There aren't any mugs.": 0,
    # questions state nothing
    "Is there a total of 7? No, there are 2 mugs.": 2,
    "Are there 3? There is 1 mug.": 1,
    # agreement, and totals of parts
    "There are 5 mugs. Counting the mugs shows a total of 5.": 5,
    "There are 3 red mugs and 2 blue ones, for a total of 5.": 5,
    "There are 4 wheels on each of the 3 cars, a total of 12.": 12,
}
NOTHING = [
    *("", "A mug from 1990.", "There are mugs.", "3 mugs", "-3", "There are −3", "Is there a total of 7?"),
    # the number goes on
    *("There are 2.5 litres.", "There are 1,5 litres.", "There are 1,2345 ants.", "There are 1,234.5 ants."),
    *("There are 1 234 people.", "There are 1'234 people.", "There are 1,234\u00a0567 ants."),
    *("There are 0,123 ants.", "12.5", f"There are {'9' * 5000} ants.", f"There are 9{',999' * 2000} ants."),
    *("There are 30% fewer.", "There are 30 % left.", "There are 30 percent.", "There is 1/2 of a pie."),
    *("There is 1 1/2 of a pie.", "There is 1½ pies.", "There is 1 ½ pies.", "There is 1 and a half pies."),
    *(
        "There are 12 to 15 birds.",
        "There are 12 to fifteen birds.",
        "There are 2-3 mugs.",
        "There are 2 – 3.",
    ),
    *(
        "There are 3 or 4 mugs.",
        "There are 12+ birds.",
        "There are 2 million ants.",
        "There are 2 dozen eggs.",
    ),
    *("There are 3 out of 5.", "There are 3 more mugs than forks.", "There are 3-legged stools."),
    *("There are 3, or 4 mugs.", "There are 3, 4 and 5."),
    # doubted
    *(
        "I doubt that there are 4 mugs.",
        "I doubt that there are 4 mugs; there are 3.",
        "There aren't 4 mugs.",
    ),
    *(
        "I don't think there are 4 mugs.",
        "If there are 4 mugs, wash them.",
        "It shows at least a total of 4.",
    ),
    # several that do not agree
    *(
        "There are 3 mugs and 2 forks.",
        "There are 3 mugs and 3 forks.",
        "There are 3 mugs. There are 2 forks.",
    ),
    *("It shows a total of 25, a total of 26.", "There are 3 mugs and a total of 12 forks."),
    "There is a total of 7 mugs. No, there are 2.",
    # not none
    *(
        "There are no more than 5 mugs.",
        "There are no mugs but 3 forks.",
        "There are no mugs except the red one.",
    ),
    *("It is not true that there are no mugs.", "There are no mugs?", "There is no way to tell."),
]


@pytest.mark.parametrize("text", STATED)
def test_the_number_that_an_answer_states(text):
    assert stated_count(text) == STATED[text]


@pytest.mark.parametrize("text", NOTHING, ids=lambda text: text[:40])
def test_what_states_no_number(text):
    assert stated_count(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Counting the mugs shows a total of 1", None),
        ("There are 12.", None),
        ("There are 12 to", None),
        ("7", None),
        ("There are 3 mu", 3),
    ],
)
def test_a_number_where_an_answer_was_cut_may_lack_digits(text, number):
    assert stated_count(text, cut=True) == number
