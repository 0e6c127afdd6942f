"""Queries for the elements of a screen, in the words people use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from model.data.assets.names import IconConcept, icon_concepts, window_buttons
from model.data.random_blocks import RandomBlocks
from model.data.schema import Query, Target
from model.data.screens.elements import Element, ScreenContent
from model.data.screens.labels import LabelWriter

FEWEST, MOST = 10, 16  # queries about an image, while it has enough to ask about
ABSENT_SHARE = 0.18

_BARE = ("{}", "{}", "{}", "'{}'", '"{}"', "click {}", "click '{}'", "click on {}", "tap {}", "select {}")
_ROLE_WORDS = {
    "button": ("button",),
    "link": ("link",),
    "field": ("field", "field", "text field", "input", "box", "input field", "text box"),
    "search": ("field", "field", "box", "bar", "input"),
    "dropdown": ("dropdown", "drop-down", "list", "combo box", "select box"),
    "checkbox": ("check box", "checkbox", "option"),
    "radio": ("radio button", "option", "radio button"),
    "toggle": ("toggle", "switch", "toggle switch"),
    "tab": ("tab",),
    "menu": ("menu",),
    "menu item": ("menu item", "menu entry", "entry", "item"),
    "item": ("item", "entry", "row"),
    "slider": ("slider",),
    "heading": ("heading", "title", "heading", "text"),
    "text": ("text", "text", "label"),
}
_NAMED = ("the {} {role}", "the {} {role}", "{} {role}", "{} {role}", "the {role} labelled {}",
          "the '{}' {role}", 'the "{}" {role}', "{role} {}",
          "the {role} that says {}", "{role} with the text '{}'")  # fmt: skip
_VERBS = {
    "button": ("click the {} {role}", "press {}", "press the {} {role}", "hit {}", "tap the {} {role}"),
    "link": ("click the {} {role}", "follow {}", "go to {}", "open {}"),
    "field": (
        "type in the {} {role}",
        "fill in {}",
        "enter the {}",
        "click the {} {role}",
        "focus the {} {role}",
    ),
    "search": ("type in the {} {role}", "click the {} {role}", "the {} {role}", "{} {role}"),
    "dropdown": ("open the {} {role}", "choose {}", "change {}"),
    "checkbox": ("check {}", "tick {}", "tick the {} {role}", "uncheck {}", "toggle {}"),
    "radio": ("choose {}", "pick {}", "select the {} {role}"),
    "toggle": ("turn on {}", "switch {}", "toggle {}", "turn off {}", "flip the {} {role}"),
    "tab": ("open the {} {role}", "go to the {} {role}", "switch to {}"),
    "menu": ("open the {} {role}", "open {}", "click the {} {role}"),
    "menu item": ("choose {}", "select {}", "pick {}", "choose {} in the menu"),
    "item": ("open {}", "go to {}", "choose {}"),
    "slider": ("drag the {} {role}", "adjust {}", "move the {} {role}", "change {}"),
    "heading": ("the word {}", "where it says {}", "read {}"),
    "text": ("where it says {}", "the word {}", "find {}"),
}
_ICON = ("{} icon", "{} icon", "the {} icon", "the {} icon", "{} button", "the {} button",
         "click the {} icon", "click the {} button", "press the {} icon", "tap the {} icon", "icon {}",
         "the {} symbol", "{}")  # fmt: skip


def ask(shown: ScreenContent, writer: LabelWriter) -> tuple[Query, ...]:
    """Asks about a screen: 10 to 16 queries when there is as much to ask about, in random order.

    Args:
        shown: What the screen shows.
        writer: Makes the labels of absent elements; its `rand` is the source of all choices.

    Returns:
        The queries.
    """
    rand = writer.rand
    asker = _Asker(shown, writer)
    wanted = FEWEST + rand.below(MOST - FEWEST + 1)
    absent = sum(rand.chance() < ABSENT_SHARE for _ in range(wanted))
    queries = asker.present(wanted - absent)
    if len(queries) < wanted - absent:  # an almost empty image keeps its share of absent queries
        absent = round(len(queries) * ABSENT_SHARE / (1 - ABSENT_SHARE)) + (not queries)
    queries += asker.absent(absent)
    return tuple(rand.shuffled(queries))


class _Asker:
    """What is on one screen, arranged by name."""

    def __init__(self, shown: ScreenContent, writer: LabelWriter) -> None:
        self._rand, self._writer = writer.rand, writer
        self._half_seen = shown.half_seen
        self._by_label: dict[str, list[Element]] = defaultdict(list)
        self._icons: dict[str, list[Element]] = defaultdict(list)
        for element in shown.elements:
            if element.role == "icon":
                self._icons[element.label].append(element)
            else:
                self._by_label[element.label.casefold()].append(element)
        self._texts = {text.casefold().rstrip(":") for text, _ in shown.texts} | set(self._by_label)

    def present(self, count: int) -> list[Query]:
        """Up to `count` different queries about what is there, controls rather than texts."""
        rand = self._rand
        objects: list[tuple[float, bool, str]] = [
            (rand.chance() * _eagerness(elements[0]), False, label)
            for label, elements in self._by_label.items()
        ]
        objects += [(rand.chance() * 0.8, True, concept) for concept in self._icons]
        objects.sort(reverse=True)
        queries: dict[str, Query] = {}
        for _, is_icon, name in (objects + objects)[: 2 * MOST]:  # with little there, twice in other words
            query = self._about_icon(name) if is_icon else self._about_label(name)
            if query is not None:
                queries.setdefault(query.text, query)
            if len(queries) == count:
                break
        return list(queries.values())

    def absent(self, count: int) -> list[Query]:
        """Up to `count` queries about what is not there, some of them nearly there."""
        queries: list[Query] = []
        for _ in range(4 * count):
            if len(queries) == count:
                break
            draw = self._rand.chance()
            query = self._absent_icon() if draw < 0.35 else self._absent_label(near=draw < 0.7)
            if query is not None:
                queries.append(query)
        return queries

    def _about_label(self, label: str) -> Query | None:
        elements = self._by_label[label]
        if label in self._half_seen:
            return None
        element = self._rand.one_of(elements)
        same_role = [other for other in elements if other.role == element.role]
        name = "search" if element.role == "search" else self._as_typed(element.label)
        if len(elements) == 1:
            template = _template(element.role, self._rand)
            return self._query(template, name, element.role, elements, element.role)
        if len(same_role) == 1 and element.role not in ("item", "heading", "text", "search"):
            role_word = _ROLE_WORDS[element.role][0]  # tells which one is meant
            text = self._rand.one_of(_NAMED).format(name, role=role_word)
            return Query(text, name, _targets(same_role), element.role)
        if len(same_role) == len(elements) and len(elements) <= 6:
            template = self._rand.one_of(("{}", "all {}", "every {}", "all {} {role}s", "every {} {role}"))
            return self._query(template, name, element.role, elements, "several")
        return None

    def _about_icon(self, key: str) -> Query | None:
        icon, elements = _concept(key), self._icons[key]
        if key in self._half_seen or len(elements) > 6:
            return None
        if any(other in self._icons for other in icon.alike) and self._rand.chance() < 0.5:
            return None
        name = self._rand.one_of(icon.spoken[:1] * 3 + icon.spoken)
        templates = _ICON[:4] if name.casefold() in self._texts else _ICON
        if len(elements) > 1:
            templates = ("{} icons", "all {} icons", "every {} icon", "{} icon")
        kind = "icon" if len(elements) == 1 else "several"
        text = self._rand.one_of(templates).format(name)
        return Query(text, f"{name} icon", _targets(elements), kind)

    def _absent_icon(self) -> Query | None:
        icon = self._rand.one_of(tuple(icon_concepts().values()))
        seen = set(self._icons) | self._half_seen
        if (
            icon.name in seen
            or icon.alike & seen
            or any(icon.name in _concept(key).alike for key in self._icons)
        ):
            return None
        if any(name in text for name in icon.spoken for text in self._texts | self._half_seen):
            return None
        name = self._rand.one_of(icon.spoken)
        return Query(self._rand.one_of(_ICON[:-1]).format(name), f"{name} icon", (), "absent")

    def _absent_label(self, *, near: bool) -> Query | None:
        role = self._rand.one_of(
            ("button", "link", "field", "checkbox", "tab", "menu item", "text", "button")
        )
        label = self._near_miss() if near else self._writer.label(_PURPOSES[role])
        if label is None or self._shown(label):
            return None
        return self._query(_template(role, self._rand), self._as_typed(label), role, (), "absent")

    def _near_miss(self) -> str | None:
        """A label that shares a word or its beginning with one that is there."""
        if not self._by_label:
            return None
        label = self._rand.one_of(self._rand.one_of(tuple(self._by_label.values()))).label
        words = label.split(" ")
        if len(words) > 1 and self._rand.chance() < 0.6:
            words[self._rand.below(len(words))] = self._writer.word()
            return " ".join(words)
        if self._rand.chance() < 0.5:
            return f"{label} {self._writer.word()}"
        return self._writer.word_like(label)

    def _shown(self, label: str) -> bool:
        """Whether a label is a part of, or has as a part, anything that is to be seen."""
        wanted = label.casefold()
        if wanted in self._half_seen or wanted in self._texts:
            return True
        if any(wanted in _concept(key).spoken for key in self._icons):
            return True
        return any(f" {wanted} " in f" {text} " for text in self._texts | self._half_seen)

    def _as_typed(self, label: str) -> str:
        """A label as a person writes it: mostly as it stands there, sometimes in small letters."""
        typed = label.rstrip("….")
        if typed.isupper() and self._rand.chance() < 0.5:
            return typed.capitalize()
        return typed.lower() if self._rand.chance() < 0.12 else typed

    def _query(self, template: str, name: str, role: str, elements: Sequence[Element], kind: str) -> Query:
        text = template.format(name, role=self._rand.one_of(_ROLE_WORDS[role]))
        return Query(text, name, _targets(elements), kind)


_PURPOSES = {
    **{"button": "action", "link": "navigation", "field": "field", "checkbox": "option", "tab": "navigation"},
    **{"menu item": "entry", "text": "heading"},
}


def _template(role: str, rand: RandomBlocks) -> str:
    draw = rand.chance() if role != "search" else 0.9
    return rand.one_of(_BARE if draw < 0.4 else _NAMED if draw < 0.8 else _VERBS[role])


def _eagerness(element: Element) -> float:
    """How willingly an element is asked for: controls with words most, lone numbers and texts least."""
    if len(element.label) < 3:
        return 0.4
    return {"text": 0.45, "heading": 0.8, "item": 0.9}.get(element.role, 1.3)


def _concept(key: str) -> IconConcept:
    return icon_concepts().get(key) or window_buttons()[key]


def _targets(elements: Sequence[Element]) -> tuple[Target, ...]:
    return tuple(
        Target(((e.box[0] + e.box[2]) / 2, (e.box[1] + e.box[3]) / 2), tuple(map(float, e.box)))  # type: ignore[arg-type]
        for e in elements
    )
