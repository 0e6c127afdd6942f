"""Words and keys that may destroy, spend, send or leave: a locator or a chord with one needs consent.

A word that ends in ``*`` stands for every word that begins so. Stems were chosen so that common English words
of interfaces do not begin with them: not the German "send*" beside "sender", not the Spanish "borr*", which
"borrow" begins with. A list of words is a net with holes; see the limits in the README.
"""

from __future__ import annotations

WORDS_OF_LANGUAGE = {
    "English": (
        *("delet*", "remov*", "eras*", "wip*", "discard*", "overwrit*", "uninstall*", "destroy*", "purg*"),
        *("trash*", "recycle bin", "shred*", "factory reset*", "reset all", "format disk", "format the disk"),
        *("format drive", "clear all", "clear history", "clear data", "drop table", "without saving"),
        *("dont save", "do not save", "pay", "pays", "paying", "payment*", "buy", "buys", "buying"),
        *("purchas*", "checkout", "place order", "place your order", "order now", "subscrib*", "donat*"),
        *("transfer*", "send", "sends", "sending", "publish*", "unsubscrib*", "submit order"),
        *("shut down", "shutting down", "restart*", "reboot*", "power off", "poweroff", "turn off"),
        *("log out", "log off", "logging out", "sign out", "signing out", "close account", "deactivat*"),
        *("terminat*", "kill", "revok*", "to bin", "empty bin", "force quit*", "replace all"),
        *("cancel subscription*",),
    ),
    "German": (
        *("lösch*", "loesch*", "gelöscht*", "geloescht*", "entfern*", "verwerf*", "überschreib*"),
        *("ueberschreib*", "deinstallier*", "formatier*", "vernicht*", "papierkorb*", "ohne speichern"),
        *("nicht speichern", "zahl", "zahlen", "bezahl*", "kauf", "kaufen", "jetzt kaufen", "bestell*"),
        *("überweis*", "ueberweis*", "senden", "absenden", "verschick*", "veröffentlich*", "kündig*"),
        *("herunterfahr*", "neustart*", "neu starten", "ausschalt*", "abmeld*", "zurücksetz*"),
    ),
    "French": (
        *("supprim*", "effac*", "retirer", "enlever", "écraser", "désinstall*", "jeter", "corbeille"),
        *("vider la corbeille", "formater", "sans enregistrer", "ne pas enregistrer", "payer", "paiement*"),
        *("acheter", "achat", "commander", "virement*", "transférer", "envoyer", "publier", "désabonn*"),
        *("éteindre", "redémarr*", "arrêter", "déconnexion", "déconnect*", "réinitialis*"),
    ),
    "Spanish": (
        *("borrar*", "borre", "elimin*", "quitar", "suprim*", "sobrescrib*", "desinstal*", "papelera"),
        *("vaciar", "formatear", "sin guardar", "no guardar", "pagar*", "pago", "comprar*", "compra"),
        *("transferir", "transferencia", "enviar*", "publicar*", "apagar*", "reiniciar*", "cerrar sesión"),
    ),
    "Portuguese": (
        *("excluir*", "apagar*", "eliminar*", "remover*", "sobrescrever*", "lixeira", "sem salvar"),
        *("não salvar", "sem guardar", "comprar*", "pagamento*", "enviar*", "desligar*", "reiniciar*"),
        *("encerrar sessão", "terminar sessão", "sair da conta"),
    ),
    "Italian": (
        *("cancella", "cancellare", "elimina*", "rimuov*", "sovrascriv*", "disinstalla*", "cestino"),
        *("svuota*", "formatta*", "senza salvare", "non salvare", "paga", "pagare", "acquista*", "compra"),
        *("invia", "inviare", "pubblica", "pubblicare", "spegni*", "riavvia*", "disconnetti*"),
    ),
    "Dutch": (
        *("verwijder*", "wissen", "overschrijv*", "prullenbak", "zonder opslaan", "niet opslaan", "betaal"),
        *("betalen", "kopen", "koop nu", "bestellen", "verzend*", "versturen", "publiceren", "afsluiten"),
        *("uitschakel*", "herstart*", "opnieuw opstarten", "uitloggen", "afmelden"),
    ),
    "Swedish, Danish, Norwegian": (
        *("radera*", "ta bort", "slette", "slett", "slet", "fjern", "fjerne", "papperskorg*", "avinstaller*"),
        *("utan att spara", "spara inte", "betala", "betal", "köp", "köpa", "skicka", "publicera"),
        *("stäng av", "starta om", "logga ut", "logg ut", "log ud"),
    ),
    "Polish": (
        *("usuń*", "usun*", "skasuj*", "kasuj*", "wyczyść*", "nadpisz*", "odinstaluj*", "kosz", "zapłać*"),
        *("kup teraz", "kupuj*", "wyślij*", "opublikuj*", "przelew*", "wyloguj*", "wyłącz*"),
        *("uruchom ponownie", "bez zapisywania", "nie zapisuj"),
    ),
    "Turkish": (
        *("sil", "silin", "silme*", "kaldır*", "öde", "ödeme*", "satın al*", "gönder*", "yayınla*"),
        *("kapat", "yeniden başlat*", "çıkış yap", "oturumu kapat*", "kaydetmeden"),
    ),
    "Russian, Ukrainian": (
        *("удал*", "видал*", "стереть", "стирать", "очист*", "перезапис*", "корзин*", "оплат*", "заплат*"),
        *("купить", "купити", "отправ*", "надісла*", "опубликова*", "перевести", "перевод денег"),
        *("выключ*", "перезагруз*", "перезапуст*", "выйти", "не сохран*", "без сохран*", "сброс*"),
    ),
    "Chinese": (
        *("删除", "刪除", "移除", "清空", "清除", "卸载", "解除安裝", "格式化", "覆盖", "不保存", "不儲存"),
        *("支付", "付款", "购买", "購買", "下单", "转账", "轉帳", "发送", "傳送", "发布", "關機", "关机"),
        *("重启", "重新启动", "注销", "登出", "退出登录"),
    ),
    "Japanese": (
        *("削除", "消去", "破棄", "上書き", "ゴミ箱", "初期化", "アンインストール", "保存しない", "保存せず"),
        *("支払", "購入", "注文", "送金", "振込", "送信", "公開", "退会", "シャットダウン", "再起動"),
        *("ログアウト", "サインアウト"),
    ),
    "Korean": (
        *("삭제", "제거", "지우기", "초기화", "휴지통", "저장 안", "저장하지", "결제", "구매", "주문"),
        *("송금", "보내기", "전송", "게시", "종료", "재시작", "다시 시작", "로그아웃"),
    ),
    "Arabic": ("حذف*", "احذف", "إزالة", "ادفع", "شراء", "إرسال", "تسجيل الخروج", "إيقاف التشغيل"),
    "Hindi": ("हटा*", "मिटा*", "भुगतान*", "खरीद*", "भेज*", "लॉग आउट"),
}
"""Words and phrases by language."""

DESTRUCTIVE_WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(word for words in WORDS_OF_LANGUAGE.values() for word in words)
)
"""All of them: what `Safety.destructive_words` is unless given."""

DESTRUCTIVE_KEYS: tuple[str, ...] = (
    *("delete", "shift+delete", "ctrl+delete", "ctrl+shift+delete", "ctrl+d"),  # what is selected goes
    *("ctrl+w", "ctrl+shift+w", "ctrl+q", "ctrl+shift+q", "alt+f4", "ctrl+f4"),  # the window closes
    *("alt+tab", "alt+shift+tab", "alt+esc", "alt+shift+esc", "alt+`", "alt+f6"),  # another one comes
    *("alt+space", "alt+f2", "alt+f1"),
    *("super", "super+*", "winright", "ctrl+alt+*", "ctrl+esc", "printscreen", "alt+printscreen", "menu+*"),
)
"""Chords that delete, close or leave the window: what `Safety.destructive_keys` is unless given."""
