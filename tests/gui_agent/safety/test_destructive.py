"""The words and keys that need consent: spellings that must be caught, and common words that must not."""

from __future__ import annotations

import pytest

from gui_agent.safety.chords import first_fitting
from gui_agent.safety.destructive import DESTRUCTIVE_KEYS, DESTRUCTIVE_WORDS
from gui_agent.safety.patterns import named

CAUGHT = [
    *(
        "delete",
        "dеlete",
        "de\u200blete",
        "ｄｅｌｅｔｅ",
        "de\u00adlete",
        "Deletes",
        "deletion",
        "delete_all",
    ),
    *("log  out", "log-out", "logout", "the trash icon", "quit without saving", "Don’t save", "DELETE!"),
    *(
        "Löschen",
        "Lo\u0308schen",
        "löscht",
        "Überweisen",
        "Abmelden",
        "Supprimer",
        "Envoyer",
        "Se déconnecter",
    ),
    *("Eliminar", "Borrar todo", "Cerrar sesión", "Excluir", "Enviar", "Elimina", "Svuota il cestino"),
    *(
        "Verwijderen",
        "Betalen",
        "Radera",
        "Ta bort",
        "Usuń",
        "Wyślij",
        "Sil",
        "Gönder",
        "Удалить",
        "Отправить",
    ),
    *(
        "删除",
        "付款",
        "退出登录",
        "削除",
        "購入する",
        "삭제",
        "결제하기",
        "حذف",
        "हटाएं",
        "Pay now",
        "Place order",
    ),
    *("Restart", "Shut down", "Power off", "Sign out", "Unsubscribe", "Publish", "Format disk", "Overwrite"),
    *("Move to bin", "Force Quit", "Replace All"),
]
LET_PASS = [
    *("Save", "OK", "Cancel", "the sender's name", "the page title", "borrow", "the environment tab", "Next"),
    *("cancelled items", "the user name field", "wishlist", "payload", "Open", "Search", "Settings", "Copy"),
    *(
        "the 7 button",
        "File menu",
        "close tab",
        "check box",
        "silent mode",
        "Update",
        "Edit",
        "format painter",
    ),
    *(
        "Download",
        "zoom in",
        "minimize",
        "the red circle",
        "terminal window",
        "Print",
        "the Advanced heading",
    ),
    *(
        "a dialog saying the file was saved",
        "Speichern",
        "Enregistrer",
        "Guardar",
        "Сохранить",
        "保存",
        "저장",
    ),
    *("the volume slider", "Sign in", "Log in", "Help", "Undo", "Redo", "Paste", "bold", "new folder"),
]


@pytest.mark.parametrize("text", CAUGHT)
def test_destructive_words(text) -> None:
    assert named(DESTRUCTIVE_WORDS, text)


@pytest.mark.parametrize("text", LET_PASS)
def test_other_words(text) -> None:
    assert named(DESTRUCTIVE_WORDS, text) is None


@pytest.mark.parametrize(
    "keys",
    [["delete"], ["Ctrl", "W"], ["ctrl", "q"], ["alt", "Tab"], ["Meta"], ["super", "l"], ["alt", "F4"]],
)
def test_destructive_keys(keys) -> None:
    assert first_fitting(DESTRUCTIVE_KEYS, keys)


@pytest.mark.parametrize(
    "keys", [["enter"], ["ctrl", "s"], ["w"], ["backspace"], ["ctrl", "a"], ["tab"], ["d"]]
)
def test_other_keys(keys) -> None:
    assert first_fitting(DESTRUCTIVE_KEYS, keys) is None
