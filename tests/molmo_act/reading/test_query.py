"""Queries are split by grammar, in several languages."""

from __future__ import annotations

import pytest

from molmo_act.reading.query import parse_query

SPLIT = {
    "the Save button": ("Save", "button"),
    "click the Generate Report button": ("Generate Report", "button"),
    "field labelled Email": ("Email", "field"),
    "link with the text 'Utilities'": ("Utilities", "link"),
    "menu item Ask citizen": ("Ask citizen", "item"),
    "checkbox large": ("large", "check box"),
    "the 7 key": ("7", "button"),
    "=": ("=", None),
    "fill in First name": ("First name", "field"),
    "type in the 'Full name'": ("Full name", "field"),
    "tick Remember me": ("Remember me", "check box"),
    "check the box Agree": ("Agree", "check box"),
    "turn on Wi-Fi": ("Wi-Fi", "check box"),
    "open the Country list": ("Country", "list"),
    "remplis Nom": ("Nom", "field"),
    "click Email": ("Email", None),
    "edit icon": ("edit", "icon"),
    "all Dashboard links": ("Dashboard", "link"),
    "where it says Total": ("Total", None),
    "das Feld mit der Aufschrift Vorname": ("Vorname", "field"),
    "Nachname-Feld": ("Nachname", "field"),
    "Klicke auf die Schaltfläche Speichern": ("Speichern", "button"),
    "le bouton Enregistrer": ("Enregistrer", "button"),
    "el campo llamado Correo": ("Correo", "field"),
    "il pulsante Salva": ("Salva", "button"),
    "o botão Salvar": ("Salvar", "button"),
    "de knop Opslaan": ("Opslaan", "button"),
    "кнопка Сохранить": ("Сохранить", "button"),
    "点击保存按钮": ("保存", "button"),
    "保存ボタン": ("保存", "button"),
    'the button that says "Don\'t save"': ("Don't save", "button"),
    "„Weiter“": ("Weiter", None),
}


@pytest.mark.parametrize("query", SPLIT)
def test_label_and_kind(query):
    parsed = parse_query(query)
    assert (parsed.label, parsed.kind) == SPLIT[query]


def test_a_verb_that_is_a_part_of_the_label_says_no_kind():
    assert [(each.label, each.kind) for each in parse_query("Check out").readings][1] == ("Check out", None)


PLACES = {  # ordinal, side
    "'Total' in the third row": (3, None),
    "the last Edit button": (-1, None),
    "the second Edit button": (2, None),
    "Delete at the bottom": (None, "bottom"),
    "die dritte Schaltfläche Löschen": (3, None),
    "Total in row 12": (12, None),
    "all Dashboard links": (None, None),  # "links" is left in German
    "Second": (None, None),
}


@pytest.mark.parametrize("query", PLACES)
def test_which_of_several(query):
    parsed = parse_query(query)
    assert (parsed.ordinal, parsed.side) == PLACES[query]


def test_a_label_that_begins_like_a_verb_stays_a_reading():
    assert "Check me out" in [reading.label for reading in parse_query("Check me out").readings]
    assert "Open" in [reading.label for reading in parse_query("Open").readings]


@pytest.mark.parametrize(
    "query", ["", "   ", "''", "the", "click", "button", "?!", "a" * 2000, "'", "ß" * 50]
)
def test_odd_queries_have_a_reading_or_none_but_no_error(query):
    assert all(reading.label.strip() for reading in parse_query(query).readings)


def test_several():
    assert parse_query("every edit icon").several
    assert not parse_query("the edit icon").several


@pytest.mark.parametrize(
    ("query", "sign", "kind"),
    [
        ("the plus key", "+", "button"),
        ("press times", "×", None),
        ("the equals button", "=", "button"),
        ("die Wurzel-Taste", "√", "button"),
        ("click .", ".", None),
        ("the . button", ".", "button"),
        ("the - button", "-", "button"),
        ("?", "?", None),
    ],
)
def test_signs(query, sign, kind):
    assert (sign, kind) in [(reading.label, reading.kind) for reading in parse_query(query).readings]
    assert parse_query(query).label
