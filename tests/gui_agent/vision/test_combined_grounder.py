"""Places from several sources: agreement raises a score, disagreement lowers it."""

from __future__ import annotations

import pytest

from gui_agent.accessibility.widget import WidgetTree
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.accessibility_grounder import AccessibilityGrounder
from gui_agent.vision.combined_grounder import CombinedGrounder
from gui_agent.vision.model_grounder import ModelGrounder
from gui_agent.vision.text_grounder import TextGrounder
from molmo_act.reading.guarded import GuardedReader
from tests.support.told_screen import ToldModel, ToldReader, ToldScreen, shot, widget

SAVE = widget("push button", "Save", 20, 20, 60, 20)
OPEN = widget("push button", "Open", 120, 20, 60, 20)
AT_SAVE, AT_OPEN = (30, 22, 40, 14), (130, 22, 40, 14)
QUERY = "the Save button"


def grounder(widgets=None, lines=None, model=None) -> CombinedGrounder:
    return CombinedGrounder(
        None if widgets is None else AccessibilityGrounder(ToldScreen(*widgets)),
        None if lines is None else TextGrounder(GuardedReader(ToldReader(lines))),
        None if model is None else ModelGrounder(model),
    )


def best(made: CombinedGrounder, query: str = QUERY):
    return max(made.ground(shot(), query).all, key=lambda match: match.score, default=None)


def test_sources_that_agree_are_surer_than_each_alone() -> None:
    told, written = [SAVE, OPEN], {"Save": AT_SAVE, "Open": AT_OPEN}
    each = (grounder(told), grounder(None, written), grounder(None, None, ToldModel((50, 30, 0.8))))
    alone = [best(one) for one in each]
    together = best(grounder(told, written))
    assert together.score > max(one.score for one in alone)
    assert {one.source for one in together.evidence} == {"accessibility", "text"}
    assert [one.point for one in (*alone, together)] == [(50, 30), (50, 29), (50, 30), (50, 30)]


def test_the_model_is_not_asked_where_program_and_text_agree() -> None:
    model = ToldModel((150, 30, 0.9))
    assert best(grounder([SAVE, OPEN], {"Save": AT_SAVE}, model)).point == (50, 30)
    assert model.asked == 0
    best(grounder([SAVE, OPEN], {"Save": AT_SAVE}, model), "the picture of a dog")
    assert model.asked == 1


def test_a_place_that_its_program_calls_something_else_scores_less() -> None:
    model = ToldModel((150, 30, 0.9))  # at Open
    alone, contradicted = best(grounder(None, None, model)), best(grounder([OPEN], None, model))
    assert alone.score == pytest.approx(0.9)
    assert contradicted.score < 0.3
    assert contradicted.evidence[-1].label == "Open"


def test_a_widget_on_which_something_else_is_written_scores_less() -> None:
    lying = widget("push button", "Save", 120, 20, 60, 20)
    assert best(grounder([lying])).score > 0.9
    contradicted = best(grounder([lying], {"Delete": AT_OPEN}))
    assert contradicted.score < 0.6
    assert [(one.source, one.label) for one in contradicted.evidence] == [
        ("accessibility", "Save"),
        ("text", "Delete"),
    ]


def test_sources_that_disagree_about_the_place_are_less_sure() -> None:
    made = grounder([widget("push button", "Save", 120, 20, 60, 20)], {"Save": (300, 200, 40, 14)})
    places = made.ground(shot(), QUERY).all
    assert len(places) == 2
    assert sum(match.score for match in places) <= 1
    assert places[0].score < 0.95


def test_equal_places_of_one_source_stay_equal() -> None:
    twice = [SAVE, widget("push button", "Save", 20, 100, 60, 20)]
    scores = [match.score for match in grounder(twice).ground(shot(), QUERY).all]
    assert len(scores) == 2
    assert min(scores) > 0.9


def test_one_source_alone_and_none() -> None:
    assert best(grounder([SAVE])).points.source == ("accessibility",)
    assert best(grounder(None, {"Save": AT_SAVE})).points.source == ("text",)
    assert best(grounder(None, None, ToldModel((50, 30, 0.8)))).points.source is None
    empty = grounder().ground(shot(), QUERY)
    assert empty.all == []
    assert grounder().model is None
    assert grounder().calibrated
    assert not grounder().needs_windows


def test_earlier_screens_are_not_asked_about() -> None:
    made = grounder([SAVE], {"Open": AT_OPEN}, ToldModel((150, 30, 0.9)))
    assert made.of_pixels().accessibility is None
    assert made.of_pixels().text is made.text


def test_the_label_of_a_field_speaks_for_the_field() -> None:
    field = widget("entry", "Name", 120, 20, 200, 24)
    label = widget("label", "Name", 20, 20, 60, 24)
    for widgets in ([field, label], [field]):
        [found] = grounder(widgets, {"Name": (30, 24, 40, 14)}).ground(shot(), "the Name field").all
        assert (found.point, {one.source for one in found.evidence}) == (
            (220, 32),
            {"accessibility", "text"},
        )
    far = grounder([field], {"Name": (30, 250, 40, 14)}).ground(shot(), "the Name field").all
    assert len(far) == 2


def test_a_window_that_waits_for_a_dialog_is_not_clicked() -> None:
    screen = ToldScreen(widget("push button", "Open", 20, 100, 60, 20))
    dialog = widget("dialog", "Rename", 200, 150, 150, 100, states=frozenset({"modal"}))
    field = widget("text", "", 220, 200, 100, 24)
    screen.more = [(WidgetTree(dialog, (field,), 42), WindowInfo(2, "Rename", Area(200, 150, 150, 100), 42))]
    text = TextGrounder(GuardedReader(ToldReader({"Name": (20, 20, 40, 14)})))
    [header] = CombinedGrounder(AccessibilityGrounder(screen), text, None).ground(shot(), "Name").all
    assert header.score < 0.4
    assert header.evidence[-1].label == "waits for Rename"


def test_what_is_written_does_not_decide_between_two_widgets_of_one_name() -> None:
    icon = widget("push button", "Home Folder", 20, 20, 30, 30)
    item = widget("table cell", "Home Folder", 20, 100, 120, 20)
    made = grounder([icon, item], {"Home Folder": (40, 102, 90, 14)})
    assert best(made, "the Home Folder button").point == (35, 35)
    assert best(made, "the Home Folder item").point == (80, 110)


def test_a_control_of_another_kind_is_not_what_is_asked_for() -> None:
    """A model was sure of the City field where the Gift wrap checkbox was asked for."""
    field = widget("entry", "City", 100, 20, 200, 24)
    box = widget("check box", "Gift wrap", 20, 60, 13, 13)
    made = grounder([field, box], None, ToldModel((150, 30, 0.99)))
    assert best(made, "the Gift wrap checkbox").point == (26, 66)
    [alone] = grounder([field], None, ToldModel((150, 30, 0.99))).ground(shot(), "the Gift wrap checkbox").all
    assert alone.score < 0.3 + 1e-6
    radio = widget("radio button", "Post", 20, 100, 13, 13)
    assert best(grounder([radio], None, ToldModel((26, 106, 0.9))), "the Post checkbox").score > 0.9


def test_the_model_looks_closely_where_others_see_something() -> None:
    """Only then does it see the small picture on the button that its program names."""

    class Nearsighted(ToldModel):
        def point(self, image, query: str):
            self.places = ((50.0, 30.0, 0.9),) if image.width < 400 else ()
            return super().point(image, query)

    made = grounder([widget("push button", "Save as", 20, 20, 60, 20)], None, None)
    made.pixels = ModelGrounder(Nearsighted(), refine=True)
    unsure = grounder([widget("push button", "Save as", 20, 20, 60, 20)])
    assert best(made).score > best(unsure).score
    assert {one.source for one in best(made).evidence} == {"accessibility", "model"}
