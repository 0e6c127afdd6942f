"""Web pages that sell: shops, prices, bookings."""

from __future__ import annotations

import pytest

from model.data.web.templates import selling
from tests.model.data.page_markup import check, check_kind, composer

KINDS = (selling.landing, selling.shop, selling.product, selling.checkout, selling.pricing, selling.sign_in,
         selling.booking)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_a_whole_document(kind) -> None:
    check_kind(kind)


def test_one_way_to_pay_can_be_chosen() -> None:
    html = selling.checkout(composer())
    assert html.count('<input type="radio" name="pay"') == 3
    assert all(name in html for name in ("Credit card", "PayPal", "Bank transfer"))


def test_every_plan_can_be_taken() -> None:
    html = selling.pricing(composer())
    plans = [intent for intent in check(html).intents if intent.startswith("take the ")]
    assert len(set(plans)) == len(plans) >= 2


def test_a_sign_in_asks_for_a_password() -> None:
    assert 'type="password"' in selling.sign_in(composer())
