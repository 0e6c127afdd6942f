"""Web pages that sell: shops, prices, bookings, one function for each kind.

The docstring of a kind is what a language model is asked to show instead, see `model.data.web.render`.
"""

from __future__ import annotations

from model.data.web.components import content, controls
from model.data.web.components import navigation as nav
from model.data.web.components.content import card
from model.data.web.components.controls import button, icon, icon_button, link
from model.data.web.composer import Composer


def landing(c: Composer) -> str:
    """A product's front page: bar, large claim over a picture, what it offers, footer."""
    centre, size = c.rand.chance() < 0.6, c.rand.between(1.2, 3.2 if c.width > 560 else 1.7)
    claim = (
        f'<h1 style="font-size:{size:.1f}em">{c.label("heading")}</h1><p>{c.sentence()}</p>'
        f'<div class="row{" centre" if centre else ""}">'
        f"{button(c, kind='main')}{button(c) if c.rand.chance() < 0.6 else ''}</div>"
    )
    dark = c.rand.chance() < 0.5
    ground = f"background-image:linear-gradient(#000b,#000b),{content.backdrop(c)};color:#fff" if dark else ""
    tall = f"min-height:{c.rand.below(int(c.height * 0.7))}px"
    hero = f'<section class="hero col {"centre" if centre else ""}" style="{ground};{tall}">{claim}</section>'
    offers = c.filling(2, 6, lambda: _offer(c))
    inside = f'<h2>{c.label("heading")}</h2><div class="grid">{offers}</div>'
    return f'<div class="page">{nav.top_bar(c, 7)}{hero}<main>{inside}</main>{nav.footer(c)}</div>'


def _offer(c: Composer) -> str:
    drawn = f'<span style="font-size:1.6em">{icon(c, c.concept())}</span>' if c.rand.chance() < 0.6 else ""
    more = (
        link(c, c.rand.one_of(("Learn more", "Read more", "More", "Details")))
        if c.rand.chance() < 0.4
        else ""
    )
    return (
        f'<div class="card col tight">{drawn}<h3>{c.label("heading")}</h3><p class="muted">'
        f"{c.sentence()}</p>{more}</div>"
    )


def shop(c: Composer) -> str:
    """Goods with pictures and prices, filters beside them."""
    goods = c.filling(3, 10, lambda: _article_of_shop(c))
    filters = (
        f'<div class="side col">{card(c, controls.options(c))}'
        f"{card(c, controls.options(c))}{controls.slider(c, 'Price')}</div>"
    )
    sort = (
        f'<div class="row between">{nav.crumbs(c)}<div '
        f'style="width:17em">{controls.dropdown(c, "Sort by")}</div></div>'
    )
    main = (
        f"<main><h1>{c.label('navigation')}</h1>{sort}<div "
        f'class="grid">{goods}</div>{nav.pagination(c)}</main>'
    )
    return f'<div class="page">{nav.top_bar(c)}<div class="body">{filters}{main}</div>{nav.footer(c)}</div>'


def _article_of_shop(c: Composer) -> str:
    name = c.writer.phrase(1, 2)
    act = c.rand.one_of(("Add to cart", "Buy now", "Add to basket", "View details"))
    save = icon_button(c, "heart", f"put {name} on the wish list") if c.rand.chance() < 0.4 else ""
    price = f"<b>${1 + c.rand.below(400)}.{c.rand.below(100):02d}</b>"
    buy = button(c, act, "main", wants=f"buy {name}" if "details" not in act else f"see more of {name}")
    return (
        f'<div class="card col tight">{content.image(c, 6 + c.rand.below(5))}{link(c, name)}'
        f'<div class="row between">{price}{save}</div>{buy}</div>'
    )


def product(c: Composer) -> str:
    """One thing to buy: picture, choices, tabs with text and reviews."""
    sizes = "".join(button(c, size) for size in ("S", "M", "L", "XL")[: 2 + c.rand.below(3)])
    choose = (
        f'<div class="row tight">{sizes}</div>'
        f"{controls.dropdown(c, 'Color')}{controls.field(c, 'Quantity', 'number')}"
    )
    act = (
        f'<div class="row">{button(c, "Add to cart", "main", drawing="cart")}{icon_button(c, "heart")}</div>'
    )
    text = (
        f"<h1>{c.writer.phrase(1, 3)}</h1><div class=big>${c.rand.below(900)}.00</div><p>{c.sentence()}</p>"
    )
    side = f'<div class="col fill">{text}{choose}{act}</div>'
    body = f'<div class="grid" style="--cell:18em">{content.image(c, 14 + c.rand.below(8))}{side}</div>'
    names = ("Description", "Reviews", "Shipping", "Questions")[: 2 + c.rand.below(3)]
    below = f"{nav.tabs(c, names)}<p>{c.sentence()} {c.sentence()}</p>"
    return f'<div class="page">{nav.top_bar(c)}<main>{nav.crumbs(c)}{body}{below}</main>{nav.footer(c)}</div>'


def checkout(c: Composer) -> str:
    """Address, payment and the sum of an order."""
    pay = (
        controls.tick(c, "radio", "Credit card", "pay")
        + controls.tick(c, "radio", "PayPal", "pay")
        + controls.tick(c, "radio", "Bank transfer", "pay")
    )
    address = "".join(
        controls.field(c, name)
        for name in ("Full name", "Address", "City", "Zip code", "Phone")[: 2 + c.rand.below(4)]
    )
    names = [c.writer.phrase(1, 2) for _ in range(1 + c.rand.below(3))]
    rows = "".join(
        (
            f'<div class="row between stay"><span>{name}</span><span>${c.rand.below(200)}.00'
            f"</span>{icon_button(c, 'trash', f'remove {name} from the order')}</div>"
        )
        for name in names
    )
    order = card(
        c,
        (
            f'{rows}<hr><div class="row between"><b>Total</b><b>${c.rand.below(900)}.00</b></div>'
            f"{button(c, 'Place order', 'main wide')}"
        ),
        head="Order summary",
    )
    where = card(c, f'<div class="grid" style="--cell:11em">{address}</div>', head="Shipping address")
    how = card(
        c, f'<div class="col tight">{pay}</div>{controls.field(c, "Card number")}', head="Payment details"
    )
    body = f'<div class="grid" style="--cell:17em"><div class="col">{where}{how}</div>{order}</div>'
    return f'<div class="page">{nav.top_bar(c, 3)}<main>{body}</main></div>'


def pricing(c: Composer) -> str:
    """Plans side by side."""

    def plan(name: str) -> str:
        has = c.times(
            2,
            5,
            lambda: f'<li class="row tight stay">{icon(c, "check")}<span>{c.writer.phrase(1, 4)}</span></li>',
        )
        act = c.rand.one_of(("Choose plan", "Get started", "Buy now", f"Choose {name}", "Start trial"))
        buy = button(c, act, c.rand.one_of(("main", "main wide", "")), wants=f"take the {name} plan")
        return (
            f'<div class="card col">{f"<h3>{name}</h3>"}<div class="big">${c.rand.below(90)}</div>'
            f'<ul class="col tight">{has}</ul>{buy}</div>'
        )

    names = c.rand.one_of(
        (("Free", "Pro", "Enterprise"), ("Basic", "Plus", "Premium"), ("Starter", "Team", "Business"))
    )
    plans = "".join(plan(name) for name in names)
    switch = controls.tick(c, "toggle", "Yearly billing") if c.rand.chance() < 0.5 else ""
    return (
        f'<div class="page">{nav.top_bar(c)}<main><h1>{c.label("heading")}</h1>{switch}<div '
        f'class="grid" style="--cell:11em">{plans}</div></main>{nav.footer(c)}</div>'
    )


def sign_in(c: Composer) -> str:
    """A card in the middle of the page with fields and a button."""
    first = c.rand.one_of((("Email",), ("Username",), ("First name", "Last name", "Email"), ("Phone",)))
    act = c.rand.one_of(("Sign in", "Log in", "Login", "Continue", "Create account", "Sign up", "Register"))
    fields = "".join(controls.field(c, name) for name in first) + controls.field(c, "Password", "password")
    keep = controls.tick(
        c, "checkbox", c.rand.one_of(("Remember me", "Keep me signed in", "I agree", "Remember this device"))
    )
    wide = "wide" if c.rand.chance() < 0.6 else ""
    other = "".join(
        button(c, f"{act} with {name}", wide)
        for name in ("Google", "Facebook", "GitHub", "Apple", "Microsoft")
        if c.rand.chance() < 0.2
    )
    below = (
        f'<div class="col tight {c.rand.one_of(("", "centre"))} small">'
        f"{c.times(0, 2, lambda: _way_out(c))}</div>"
    )
    head = f"<h1>{c.rand.one_of((act, 'Welcome back', 'Welcome', c.label('heading')))}</h1>"
    inside = (
        f"{head}{fields}{keep if c.rand.chance() < 0.6 else ''}"
        f"{button(c, act, f'main {wide}')}{other}<hr>{below}"
    )
    box = f'<div class="card col" style="width:min(100%,{280 + c.rand.below(180)}px)">{inside}</div>'
    ground = f"background-image:{content.backdrop(c)}" if c.rand.chance() < 0.4 else ""
    bar = nav.top_bar(c) if c.rand.chance() < 0.3 and c.height > 420 else ""
    where = c.rand.one_of(("centre", "centre", ""))
    return (
        f'<div class="page">{bar}<div class="desk row {where} fill" style="padding:var(--gap);'
        f'min-height:0;{ground}">{box}</div></div>'
    )


def _way_out(c: Composer) -> str:
    return link(
        c,
        c.rand.one_of(
            (
                "Forgot password?",
                "Create an account",
                "Need help?",
                "Sign up",
                "Privacy policy",
                "Terms of service",
                "Already have an account?",
                "Back to home",
            )
        ),
    )


def booking(c: Composer) -> str:
    """A journey: where from, where to, when; what there is."""
    fields = "".join(controls.field(c, name) for name in ("From", "To", "Depart", "Return", "Travellers"))
    ask = card(
        c,
        (
            f'<div class="grid" style="--cell:9em">{fields}</div>{options_row(c)}'
            f"{button(c, 'Search flights', 'main', drawing='search')}"
        ),
    )

    def offer() -> str:
        one, other = content.place(c), content.place(c)
        way = f"<b>{c.rand.below(24)}:{c.rand.below(60):02d}</b> {one} – {other}"
        book = button(c, "Select", "main", wants=f"take the trip from {one} to {other}")
        return (
            f'<div class="card row between"><div>{way}<div class="small muted">{c.sentence(2, 4)}'
            f'</div></div><div class="row"><b>${c.rand.below(900)}</b>{book}</div></div>'
        )

    return (
        f'<div class="page">{nav.top_bar(c)}<main>{ask}'
        f"{nav.tabs(c, ('Cheapest', 'Fastest', 'Best'))}{c.times(2, 6, offer)}</main></div>"
    )


def options_row(c: Composer) -> str:
    """Radio buttons side by side."""
    group = c.new_id()
    return f'<div class="row">{c.times(2, 3, lambda: controls.tick(c, "radio", group=group))}</div>'
