"""Whole web pages as HTML bodies, one function a kind; knows neither colours nor boxes."""

from __future__ import annotations

from html import escape as safe

from model.data import page_parts as parts
from model.data.page_parts import Composer, button, card, icon, icon_button, intent, link, list_row


def landing(c: Composer) -> str:
    """A product's front page: bar, large claim over a picture, what it offers, footer."""
    centre = c.dice.chance() < 0.6
    claim = (
        f'<h1>{c.label("heading")}</h1><p>{c.sentence()}</p><div class="row{" centre" if centre else ""}">'
        f"{button(c, kind='main')}{button(c) if c.dice.chance() < 0.6 else ''}</div>"
    )
    dark = c.dice.chance() < 0.5
    ground = f"background-image:linear-gradient(#000b,#000b),{parts.backdrop(c)};color:#fff" if dark else ""
    tall = f"min-height:{c.dice.below(int(c.height * 0.7))}px"
    hero = f'<section class="hero col {"centre" if centre else ""}" style="{ground};{tall}">{claim}</section>'
    offers = c.times(2, 6, lambda: _offer(c))
    inside = f'<h2>{c.label("heading")}</h2><div class="grid">{offers}</div>'
    return f'<div class="page">{parts.top_bar(c, 7)}{hero}<main>{inside}</main>{parts.footer(c)}</div>'


def _offer(c: Composer) -> str:
    drawn = f'<span style="font-size:1.6em">{icon(c, c.concept())}</span>' if c.dice.chance() < 0.6 else ""
    more = (
        link(c, c.dice.one_of(("Learn more", "Read more", "More", "Details")))
        if c.dice.chance() < 0.4
        else ""
    )
    return f'<div class="card col tight">{drawn}<h3>{c.label("heading")}</h3><p class="muted">{c.sentence()}</p>{more}</div>'


def article(c: Composer) -> str:
    """A text with headings, links in it, a side column and a form for comments."""
    text = c.times(2, 5, lambda: _paragraph(c))
    tools = parts.icon_buttons(c, ["share", "bookmark", "print", "heart"][: c.dice.below(5)])
    by = f'<p class="small muted">{c.name()} · {c.value()}</p>'
    inside = f"<h1>{c.label('heading')}</h1>{by}{tools}{text}"
    picture = parts.picture(c, 8 + c.dice.below(10)) if c.dice.chance() < 0.6 else ""
    reply = card(c, parts.form(c, 1, 2)) if c.dice.chance() < 0.4 else ""
    side = (
        f'<div class="col" style="width:13em">{card(c, parts.side_links(c, 3, 6))}</div>'
        if c.width > 700
        else ""
    )
    body = f'<article class="fill col">{picture}{inside}{reply}</article>{side}'
    return f'<div class="page">{parts.top_bar(c)}<main><div class="row stay start">{body}</div></main>{parts.footer(c)}</div>'


def _paragraph(c: Composer) -> str:
    words = " ".join(c.sentence() for _ in range(2 + c.dice.below(4)))
    inside = f"<p>{words} {link(c) + ' ' + c.sentence() if c.dice.chance() < 0.4 else ''}</p>"
    return (f"<h2>{c.label('heading')}</h2>" if c.dice.chance() < 0.4 else "") + inside


def shop(c: Composer) -> str:
    """Goods with pictures and prices, filters beside them."""
    goods = c.times(3, 10, lambda: _article_of_shop(c))
    filters = f'<div class="side col">{card(c, parts.options(c))}{card(c, parts.options(c))}{parts.slider(c, "Price")}</div>'
    sort = f'<div class="row between">{parts.crumbs(c)}<div style="width:12em">{parts.dropdown(c, "Sort by")}</div></div>'
    main = f'<main><h1>{c.label("navigation")}</h1>{sort}<div class="grid">{goods}</div>{parts.pagination(c)}</main>'
    return (
        f'<div class="page">{parts.top_bar(c)}<div class="body">{filters}{main}</div>{parts.footer(c)}</div>'
    )


def _article_of_shop(c: Composer) -> str:
    name = c.writer.phrase(1, 2)
    act = c.dice.one_of(("Add to cart", "Buy now", "Add to basket", "View details"))
    wish = icon_button(c, "heart", f"put {name} on the wish list") if c.dice.chance() < 0.4 else ""
    price = f"<b>${1 + c.dice.below(400)}.{c.dice.below(100):02d}</b>"
    buy = button(c, act, "main", wants=f"buy {name}" if "details" not in act else f"see more of {name}")
    return (
        f'<div class="card col tight">{parts.picture(c, 6 + c.dice.below(5))}{link(c, name)}'
        f'<div class="row between">{price}{wish}</div>{buy}</div>'
    )


def product(c: Composer) -> str:
    """One thing to buy: picture, choices, tabs with text and reviews."""
    sizes = "".join(button(c, size) for size in ("S", "M", "L", "XL")[: 2 + c.dice.below(3)])
    choose = f'<div class="row tight">{sizes}</div>{parts.dropdown(c, "Color")}{parts.field(c, "Quantity", "number")}'
    act = (
        f'<div class="row">{button(c, "Add to cart", "main", drawing="cart")}{icon_button(c, "heart")}</div>'
    )
    text = (
        f"<h1>{c.writer.phrase(1, 3)}</h1><div class=big>${c.dice.below(900)}.00</div><p>{c.sentence()}</p>"
    )
    side = f'<div class="col fill">{text}{choose}{act}</div>'
    body = f'<div class="grid" style="--cell:18em">{parts.picture(c, 14 + c.dice.below(8))}{side}</div>'
    names = ("Description", "Reviews", "Shipping", "Questions")[: 2 + c.dice.below(3)]
    below = f"{parts.tabs(c, names)}<p>{c.sentence()} {c.sentence()}</p>"
    return f'<div class="page">{parts.top_bar(c)}<main>{parts.crumbs(c)}{body}{below}</main>{parts.footer(c)}</div>'


def dashboard(c: Composer) -> str:
    """Numbers, charts and tables beside navigation."""
    tiles = f'<div class="grid" style="--cell:11em">{c.times(2, 4, lambda: parts.stat(c))}</div>'
    charts = f'<div class="grid" style="--cell:17em">{c.times(1, 3, lambda: card(c, parts.chart(c)))}</div>'
    rest = c.dice.one_of((parts.table, lambda c: card(c, parts.table(c, 4, 3)), _tasks, _activity))(c)
    head = f'<div class="row between"><h1>{c.label("heading")}</h1>{parts.buttons(c, 2)}</div>'
    blocks = c.dice.shuffled([tiles, charts, rest])
    return _with_side(c, f"<main>{head}{''.join(blocks)}</main>")


def _with_side(c: Composer, main: str) -> str:
    """A page with navigation at the side, the bar above it or beside it."""
    user = list_row(c, c.name(), start=parts.face(c, "A B")) if c.dice.chance() < 0.3 else ""
    brand = (
        f'<div class="brand row tight" style="padding:var(--pad)">{safe(c.writer.word().capitalize())}</div>'
    )
    side = f'<aside class="side col">{brand if c.dice.chance() < 0.6 else ""}{user}{parts.side_links(c, 5, 12)}</aside>'
    bar = parts.top_bar(c, 3)
    if c.dice.chance() < 0.5:
        return f'<div class="page">{bar}<div class="body">{side}{main}</div></div>'
    return f'<div class="page"><div class="body">{side}<div class="col fill" style="gap:0">{bar}{main}</div></div></div>'


def _tasks(c: Composer) -> str:
    rows = c.times(3, 6, lambda: f'<div class="li">{parts.tick(c, "checkbox", c.writer.phrase(1, 4))}</div>')
    return card(c, rows + f'<div class="row stay">{parts.field(c, "New task")}{button(c, "Add")}</div>')


def _activity(c: Composer) -> str:
    def row() -> str:
        name = c.name()
        return list_row(
            c, name, below=c.sentence(3, 7), start=parts.face(c, name), end=f"<small>{c.value()}</small>"
        )

    return card(c, c.times(3, 5, row))


def records(c: Composer) -> str:
    """A large table with search, buttons above and pages below."""
    above = f'<div class="row">{parts.search(c)}<span class="fill"></span>{parts.buttons(c, 3)}</div>'
    table = f'<div class="card bare">{parts.table(c, 5 + c.dice.below(10))}</div>'
    head = f"<h1>{c.label('heading')}</h1>"
    top = parts.tabs(c) if c.dice.chance() < 0.4 else ""
    return _with_side(c, f"<main>{head}{top}{above}{table}{parts.pagination(c)}</main>")


def settings(c: Composer) -> str:
    """Options in groups, with buttons to keep them."""
    groups = c.times(2, 4, lambda: card(c, _setting_group(c)))
    keep = f'<div class="row">{button(c, "Save changes", "main")}{button(c, "Cancel")}</div>'
    head = f"<h1>{c.label('heading')}</h1>{parts.tabs(c) if c.dice.chance() < 0.5 else ''}"
    if c.dice.chance() < 0.5:
        return _with_side(c, f"<main>{head}{groups}{keep}</main>")
    return f'<div class="page">{parts.top_bar(c)}<main class="narrow">{head}{groups}{keep}</main></div>'


def _setting_group(c: Composer) -> str:
    kind = "toggle" if c.switches else "checkbox"
    across = kind == "toggle" and c.dice.chance() < 0.7
    rows = c.times(1, 4, lambda: parts.tick(c, kind, across=across))
    more = c.dice.one_of(("", "", parts.dropdown(c), parts.field(c), parts.slider(c), parts.options(c)))
    return f'<div class="col tight">{rows}{more}</div>'


def sign_in(c: Composer) -> str:
    """A card in the middle of the page with fields and a button."""
    first = c.dice.one_of((("Email",), ("Username",), ("First name", "Last name", "Email"), ("Phone",)))
    act = c.dice.one_of(("Sign in", "Log in", "Login", "Continue", "Create account", "Sign up", "Register"))
    fields = "".join(parts.field(c, name) for name in first) + parts.field(c, "Password", "password")
    keep = parts.tick(
        c, "checkbox", c.dice.one_of(("Remember me", "Keep me signed in", "I agree", "Remember this device"))
    )
    wide = "wide" if c.dice.chance() < 0.6 else ""
    other = "".join(
        button(c, f"{act} with {name}", wide)
        for name in ("Google", "Facebook", "GitHub", "Apple", "Microsoft")
        if c.dice.chance() < 0.2
    )
    below = f'<div class="col tight {c.dice.one_of(("", "centre"))} small">{c.times(0, 2, lambda: _way_out(c))}</div>'
    head = f"<h1>{c.dice.one_of((act, 'Welcome back', 'Welcome', c.label('heading')))}</h1>"
    inside = f"{head}{fields}{keep if c.dice.chance() < 0.6 else ''}{button(c, act, f'main {wide}')}{other}<hr>{below}"
    box = f'<div class="card col" style="width:min(100%,{280 + c.dice.below(180)}px)">{inside}</div>'
    ground = f"background-image:{parts.backdrop(c)}" if c.dice.chance() < 0.4 else ""
    bar = parts.top_bar(c) if c.dice.chance() < 0.3 and c.height > 420 else ""
    where = c.dice.one_of(("centre", "centre", ""))
    return f'<div class="page">{bar}<div class="desk row {where} fill" style="padding:var(--gap);min-height:0;{ground}">{box}</div></div>'


def _way_out(c: Composer) -> str:
    return link(c, c.dice.one_of(("Forgot password?", "Create an account", "Need help?", "Sign up", "Privacy policy",
                                  "Terms of service", "Already have an account?", "Back to home")))  # fmt: skip


def web_mail(c: Composer) -> str:
    """Folders, a list of messages, buttons above them."""
    acts = parts.icon_buttons(
        c, ["archive", "trash", "mail", "tag", "refresh", "more-vertical"][: 2 + c.dice.below(5)]
    )
    above = f'<div class="row between">{acts}<span class="small muted">1-{10 + c.dice.below(40)}</span></div>'
    inside = f'<main>{above}<div class="card bare">{c.times(5, 14, lambda: message_row(c))}</div></main>'
    folders = ("Inbox", "Starred", "Sent", "Drafts", "Spam", "Trash", "Archive", "Important")
    drawn = {
        "Inbox": "inbox",
        "Starred": "star",
        "Sent": "send",
        "Drafts": "file",
        "Trash": "trash",
        "Archive": "archive",
    }
    entries = "".join(
        f'<a href="#" class="{"on" if name == "Inbox" else ""}">{icon(c, drawn.get(name, "folder"))}<span>{name}</span></a>'
        for name in folders[: 4 + c.dice.below(5)]
    )
    write = button(c, c.dice.one_of(("Compose", "New message", "Write")), "main", drawing="edit")
    side = f'<aside class="side col">{write}<nav class="nav">{entries}</nav></aside>'
    return f'<div class="page">{parts.top_bar(c, 2)}<div class="body">{side}{inside}</div></div>'


def message_row(c: Composer) -> str:
    """A message in a list: who, what about, when."""
    name = c.name()
    start = '<input type="checkbox">' if c.dice.chance() < 0.5 else parts.face(c, name)
    star = icon_button(c, "star", f"star the message of {name}") if c.dice.chance() < 0.3 else ""
    subject = c.writer.phrase(2, 4 if c.width < 600 else 7)
    return list_row(c, name, below=subject, start=start + star, end=f'<small class="muted">{c.value()}</small>',
                    wants=f"read what {name} wrote")  # fmt: skip


def forum(c: Composer) -> str:
    """Threads with votes, or one thread with answers."""

    def thread() -> str:
        title = c.writer.phrase(2, 6)
        votes = icon_button(c, "arrow-up", f"vote for {title}") + f"<b>{c.dice.below(400)}</b>"
        votes += icon_button(c, "arrow-down", f"vote against {title}")
        said = (
            f'<div class="fill"><h3>{link(c, title)}</h3><p class="small muted">{c.name()} · {c.value()}</p>'
        )
        under = "".join(
            link(c, name, "small") + " " for name in ("Reply", "Share", "Report")[: c.dice.below(4)]
        )
        return f'<div class="card row stay start"><div class="col tight centre">{votes}</div>{said}{under}</div></div>'

    head = f'<div class="row between"><h1>{c.label("heading")}</h1>{button(c, "New topic", "main")}</div>'
    side = (
        f'<div class="col" style="width:14em">{card(c, parts.side_links(c, 3, 6))}</div>'
        if c.width > 760
        else ""
    )
    main = f'<div class="col fill">{head}{parts.tabs(c)}{c.times(3, 7, thread)}{parts.pagination(c)}</div>'
    return f'<div class="page">{parts.top_bar(c)}<main><div class="row stay start">{main}{side}</div></main></div>'


def docs(c: Composer) -> str:
    """Documentation: a tree of pages, text with code, the way to the next page."""
    tree = "".join(
        f"<b>{c.label('heading')}</b>{parts.side_links(c, 2, 5)}" for _ in range(1 + c.dice.below(4))
    )
    text = f"<h1>{c.label('heading')}</h1>{_paragraph(c)}{code(c)}{_paragraph(c)}"
    table = parts.table(c, 3, 2) if c.dice.chance() < 0.4 else ""
    turn = f'<div class="row between">{button(c, "Previous")}{button(c, "Next")}</div>'
    main = f"<main>{parts.crumbs(c)}{text}{table}{turn}</main>"
    return f'<div class="page">{parts.top_bar(c)}<div class="body"><aside class="side col tight">{tree}</aside>{main}</div></div>'


def code(c: Composer) -> str:
    """Lines of a program, with a button to copy them."""
    w = c.writer.word
    forms = (
        lambda: f"import {w()}", lambda: f"def {w()}({w()}, {w()}):", lambda: f"    return {w()} + {c.dice.below(99)}",
        lambda: f"{w()} = {w()}.{w()}()", lambda: f"# {w()} {w()}", lambda: f"    if {w()} &gt; {c.dice.below(9)}:",
    )  # fmt: skip
    lines = "\n".join(c.dice.one_of(forms)() for _ in range(3 + c.dice.below(8)))
    copy = icon_button(c, "copy") if c.dice.chance() < 0.5 else ""
    return f'<div class="card row stay between start" style="background:var(--soft)"><pre>{lines}</pre>{copy}</div>'


def results(c: Composer) -> str:
    """What a search found."""

    def found() -> str:
        path = f'<span class="small muted">{c.writer.word()}.com › {c.writer.word()}</span>'
        return f'<div class="col" style="gap:0">{path}<h3>{link(c, c.writer.phrase(2, 6))}</h3><p>{c.sentence(8, 18)}</p></div>'

    bar = f'<header class="top">{parts.search(c)}<span class="fill"></span>{parts.icon_buttons(c, ["settings", "grid"])}</header>'
    names = ("All", "Images", "Videos", "News", "Maps", "Shopping", "Books")[: 3 + c.dice.below(5)]
    inside = f"{parts.tabs(c, names)}{c.times(3, 8, found)}{parts.pagination(c)}"
    return f'<div class="page">{bar}<main>{inside}</main></div>'


def profile(c: Composer) -> str:
    """A person's page."""
    name = c.name()
    counts = "".join(
        f'<div class="centre"><b>{c.value()}</b><div class="muted small">{c.label("column")}</div></div>'
        for _ in range(3)
    )
    acts = f'<div class="row tight">{button(c, "Follow", "main")}{button(c, "Message")}{icon_button(c, "ellipsis")}</div>'
    head = f'{parts.picture(c, 6)}<div class="row"><span style="font-size:2em">{parts.face(c, name)}</span><div><h1>{name}</h1><p class="muted">{c.sentence(3, 6)}</p></div></div>'
    about = card(c, f"<p>{c.sentence()}</p>{link(c)}")
    inside = f'{head}<div class="row between">{acts}<div class="row">{counts}</div></div>{parts.tabs(c)}{about}{_activity(c)}'
    return f'<div class="page">{parts.top_bar(c)}<main class="narrow">{inside}</main></div>'


def checkout(c: Composer) -> str:
    """Address, payment and the sum of an order."""
    pay = (
        parts.tick(c, "radio", "Credit card", "pay")
        + parts.tick(c, "radio", "PayPal", "pay")
        + parts.tick(c, "radio", "Bank transfer", "pay")
    )
    address = "".join(
        parts.field(c, name)
        for name in ("Full name", "Address", "City", "Zip code", "Phone")[: 2 + c.dice.below(4)]
    )
    names = [c.writer.phrase(1, 2) for _ in range(1 + c.dice.below(3))]
    rows = "".join(
        f'<div class="row between stay"><span>{name}</span><span>${c.dice.below(200)}.00</span>{icon_button(c, "trash", f"remove {name} from the order")}</div>'
        for name in names
    )
    order = card(
        c,
        f'{rows}<hr><div class="row between"><b>Total</b><b>${c.dice.below(900)}.00</b></div>{button(c, "Place order", "main wide")}',
        head="Order summary",
    )
    where = card(c, f'<div class="grid" style="--cell:11em">{address}</div>', head="Shipping address")
    how = card(
        c, f'<div class="col tight">{pay}</div>{parts.field(c, "Card number")}', head="Payment details"
    )
    body = f'<div class="grid" style="--cell:17em"><div class="col">{where}{how}</div>{order}</div>'
    return f'<div class="page">{parts.top_bar(c, 3)}<main>{body}</main></div>'


def pricing(c: Composer) -> str:
    """Plans side by side."""

    def plan(name: str) -> str:
        has = c.times(
            2,
            5,
            lambda: f'<li class="row tight stay">{icon(c, "check")}<span>{c.writer.phrase(1, 4)}</span></li>',
        )
        act = c.dice.one_of(("Choose plan", "Get started", "Buy now", f"Choose {name}", "Start trial"))
        buy = button(c, act, c.dice.one_of(("main", "main wide", "")), wants=f"take the {name} plan")
        return f'<div class="card col">{f"<h3>{name}</h3>"}<div class="big">${c.dice.below(90)}</div><ul class="col tight">{has}</ul>{buy}</div>'

    names = c.dice.one_of(
        (("Free", "Pro", "Enterprise"), ("Basic", "Plus", "Premium"), ("Starter", "Team", "Business"))
    )
    plans = "".join(plan(name) for name in names)
    switch = parts.tick(c, "toggle", "Yearly billing") if c.dice.chance() < 0.5 else ""
    return f'<div class="page">{parts.top_bar(c)}<main><h1>{c.label("heading")}</h1>{switch}<div class="grid" style="--cell:11em">{plans}</div></main>{parts.footer(c)}</div>'


def long_form(c: Composer) -> str:
    """A form over the whole page, in groups."""
    groups = c.times(1, 3, lambda: card(c, parts.form(c, 2, 6)))
    upload = button(c, "Choose file", drawing="upload") if c.dice.chance() < 0.3 else ""
    inside = f"<h1>{c.label('heading')}</h1><p class=muted>{c.sentence()}</p>{groups}{upload}"
    side = _with_side(c, f"<main>{inside}</main>")
    plain = f'<div class="page">{parts.top_bar(c)}<main class="narrow">{inside}</main>{parts.footer(c)}</div>'
    return c.dice.one_of((side, plain))


def notice(c: Composer) -> str:
    """A page with a question or a notice over it."""
    under = c.dice.one_of((dashboard, records, settings, article))(c)
    veil = f'<div class="veil">{parts.dialog(c)}</div>'
    return f'<div style="height:100vh;overflow:hidden">{under}</div>{veil}'


def widgets(c: Composer) -> str:
    """Widgets of all sorts in cards, as on the pages that show what a style has."""
    makers = (parts.buttons, parts.options, parts.form, parts.tabs, parts.pagination, parts.crumbs, parts.slider,
              parts.search, parts.dropdown, parts.month, _tasks, parts.menu, _accordion)  # fmt: skip
    made = c.times(4, 9, lambda: card(c, c.dice.one_of(makers)(c)))
    main = f'<main><h1>{c.label("heading")}</h1><div class="grid" style="--cell:16em">{made}</div></main>'
    return (
        _with_side(c, main) if c.dice.chance() < 0.6 else f'<div class="page">{parts.top_bar(c)}{main}</div>'
    )


def _accordion(c: Composer) -> str:
    at = c.dice.below(3)
    rows = []
    for number in range(3):
        title = c.writer.phrase(2, 5)
        turn = icon(c, "chevron-up" if number == at else "chevron-down")
        text = f'<p class="muted">{c.sentence()}</p>' if number == at else ""
        rows.append(
            f'<button class="b wide"{intent(f"what is said about {title.lower()}")}><span class="fill">{title}</span>{turn}</button>{text}'
        )
    return f'<div class="col tight">{"".join(rows)}</div>'


def booking(c: Composer) -> str:
    """A journey: where from, where to, when; what there is."""
    fields = "".join(parts.field(c, name) for name in ("From", "To", "Depart", "Return", "Travellers"))
    ask = card(
        c,
        f'<div class="grid" style="--cell:9em">{fields}</div>{options_row(c)}{button(c, "Search flights", "main", drawing="search")}',
    )

    def offer() -> str:
        one, other = parts.place(c), parts.place(c)
        way = f"<b>{c.dice.below(24)}:{c.dice.below(60):02d}</b> {one} – {other}"
        book = button(c, "Select", "main", wants=f"take the trip from {one} to {other}")
        return f'<div class="card row between"><div>{way}<div class="small muted">{c.sentence(2, 4)}</div></div><div class="row"><b>${c.dice.below(900)}</b>{book}</div></div>'

    return f'<div class="page">{parts.top_bar(c)}<main>{ask}{parts.tabs(c, ("Cheapest", "Fastest", "Best"))}{c.times(2, 6, offer)}</main></div>'


def options_row(c: Composer) -> str:
    """Radio buttons side by side."""
    group = c.new_id()
    return f'<div class="row">{c.times(2, 3, lambda: parts.tick(c, "radio", group=group))}</div>'


def board(c: Composer) -> str:
    """Tasks on cards in columns by how far they are."""

    def task() -> str:
        title = c.writer.phrase(1, 4)
        foot = f'<div class="row between">{parts.face(c, c.name())}{icon_button(c, "ellipsis", f"more about {title}")}</div>'
        return f'<div class="card col tight">{link(c, title)}<span class="badge on">{c.label("state")}</span>{foot}</div>'

    names = ("To do", "In progress", "Review", "Done")[: 2 + c.dice.below(3)]
    lists = "".join(
        f'<div class="col" style="background:var(--shade);padding:var(--gap)"><h3>{name}</h3>{c.times(1, 4, task)}{button(c, "Add card", drawing="plus", wants=f"new card in {name}")}</div>'
        for name in names
    )
    head = f'<div class="row between"><h1>{c.label("heading")}</h1>{parts.search(c)}{button(c, "Invite", "main")}</div>'
    return f'<div class="page">{parts.top_bar(c)}<main>{head}<div class="grid" style="--cell:11em">{lists}</div></main></div>'
