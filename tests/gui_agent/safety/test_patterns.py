"""Which titles and words fit which rules."""

from __future__ import annotations

import pytest

from gui_agent.safety.patterns import glob_matches, named, title_allowed, title_denied

FITTING = [("*Bank*", "My Bank!"), ("?an", "Ban"), ("*", ""), ("a*c", "a\nc"), ("[x]", "[x]"), ("a.c", "a.c")]
OTHERS = [("Bank", "Banks"), ("?", ""), ("[abc]", "a"), ("a.c", "abc"), ("Bank*", "My Bank"), ("a\\*", "ab")]


@pytest.mark.parametrize(("pattern", "text"), FITTING)
def test_two_wildcards_and_nothing_else(pattern, text) -> None:
    assert glob_matches(pattern, text)


@pytest.mark.parametrize(("pattern", "text"), OTHERS)
def test_texts_that_do_not_fit(pattern, text) -> None:
    assert not glob_matches(pattern, text)


def test_long_titles_take_no_time_that_grows_with_their_square() -> None:
    for title in ("a" * 30_000, "a" + "\u0301\u0316" * 50_000, "\u0f75" * 50_000):
        for pattern in ("*a*a*a*a*a*a*b", "*?a?*a?*b", "*a*b*"):
            assert not title_denied([pattern], title)  # with backtracking this would not end
    assert glob_matches("*a*a", "ba") is glob_matches("a*a", "a") is False
    assert glob_matches("a*?b*", "a-b-b") is glob_matches("?*?", "ab") is True


def test_a_look_alike_is_denied_and_not_allowed() -> None:
    assert title_denied(["Bank*"], "B\u0430nk of Here")
    assert not title_allowed(["Bank*"], "B\u0430nk of Here")
    assert title_allowed(["bank*"], "BA\u200bNK of Here")
    assert not title_denied(["Bank"], "Tank")


SPELLINGS = [
    *(
        "log out",
        "Log  Out",
        "log-out",
        "logout",
        "LOG_OUT",
        "LogOut",
        "log\u200bout",
        "l o g o u t",
        "1og out",
    ),
    *("the logout button", "log\u00a0out", "lоg оut"),
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_spellings_of_a_phrase(text) -> None:
    assert named(["log out"], text) == "log out"


def test_whole_words_and_stems() -> None:
    assert named(["pay"], "payment") is named(["quit"], "quite") is named(["out"], "about") is None
    assert named(["delet*"], "Deletion") == named(["delet*"], "confirmDelete") == "delet*"
    assert named(["delet*"], "undelete") is None
    assert named([], "delete") is named(["delet*"], "") is named([""], "delete") is None


def test_scripts_without_spaces() -> None:
    assert named(["删除"], "永久删除文件") == "删除"
    assert named(["削除"], "この項目を削除する") == "削除"
    assert named(["삭제"], "파일을 삭제합니다") == "삭제"
