"""The commands, and the page in a real browser."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model.evaluation.preference.votes import StoredVote, VoteFile, read_votes
from tests.model.data.drawn_pages import skip_without_browser
from tests.model.evaluation.preference.example import MODELS, write_example

ROOT = Path(__file__).parents[4]
COMMAND = [sys.executable, "-m", "model.evaluation.preference"]


def run(*args):
    return subprocess.run([*COMMAND, *map(str, args)], cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture
def served(tmp_path):
    """The command as a process: its address, and the file of votes."""
    items, votes = write_example(tmp_path), tmp_path / "votes.jsonl"
    args = [*COMMAND, "vote", str(items), "--votes", str(votes), "--rater", "anna"]
    process = subprocess.Popen(args, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        assert line.startswith("http://127.0.0.1:"), line + process.stderr.read()
        yield line.split()[0], votes, process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def page(served):
    skip_without_browser()
    from playwright.sync_api import sync_playwright

    from model.data.web.browser import find_browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        context = browser.new_context(color_scheme="dark", viewport={"width": 1100, "height": 800})
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.problems, page.asked = [], []
        page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(served[0])
        page.get_by_text("0 of 5 done").wait_for()
        yield page
        browser.close()


def test_votes_by_keys_and_buttons_in_a_browser(page, served):
    from playwright.sync_api import expect

    url, votes, process = served
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"  # dark
    page.wait_for_function("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
    page.keyboard.press("1")
    page.get_by_text("1 of 5 done").wait_for()
    page.keyboard.press("ArrowRight")
    page.get_by_text("2 of 5 done").wait_for()
    page.keyboard.press("Control+1")  # the browser's own key, no vote
    page.get_by_role("button", name="Both are bad").press("Enter")
    page.get_by_text("3 of 5 done").wait_for()
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Both are bad")).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/vote"):
        page.get_by_role("button", name="Both are good").click()
    expect(page.get_by_role("button", name="Both are bad")).to_have_attribute("aria-pressed", "false")
    stored, replaced, _ = read_votes([votes])
    assert [vote.choice for vote in stored] == ["left", "right", "both_good"]
    assert replaced == 1

    process.kill()  # as if the machine went down
    process.wait()
    page.keyboard.press("1")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    assert len(read_votes([votes])[0]) == 3
    assert all(asked.startswith(url) or asked.startswith("data:") for asked in page.asked)
    assert not [problem for problem in page.problems if "ERR_CONNECTION" not in problem]


def test_points_lie_where_the_answer_says_and_text_is_text(page):
    for _ in range(5):
        if "<b>cup</b>" in page.locator("#question").inner_text():
            break
        done = int(page.locator("#progress").inner_text().split()[0])
        page.keyboard.press("3")
        page.get_by_text(f"{done + 1} of 5 done").wait_for()
    assert page.locator("#question").inner_text() == 'Point at the <b>cup</b> & the "mug".'
    assert page.locator("section i, section b, h1 b").count() == 0
    shown = page.locator("section", has=page.locator("circle"))
    assert shown.locator(".text").inner_text() == "A <i>cup</i>"
    image, circle = (shown.locator(name).first.bounding_box() for name in ("img", "circle"))
    assert circle["x"] + circle["width"] / 2 == pytest.approx(image["x"] + image["width"] / 4, abs=1.5)
    assert circle["y"] + circle["height"] / 2 == pytest.approx(image["y"] + image["height"] / 4, abs=1.5)
    page.set_viewport_size({"width": 360, "height": 700})  # a phone: one column, nothing cut off
    assert page.evaluate("document.documentElement.scrollWidth <= 360")


def test_ctrl_c_ends_in_order(served):
    _, _, process = served
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out.strip().startswith("0 of 5 done"), err) == (0, True, "")


def test_ratings_from_files_of_votes(tmp_path):
    a, b, _ = MODELS
    file = VoteFile(tmp_path / "votes.jsonl")
    for number in range(22):
        choice = "both_bad" if number == 21 else "right" if number % 7 == 0 else "left"
        file.add(StoredVote(str(number), a, b, choice, "anna", ""))
    done = run("rate", file.path, "--resamples", 50)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["rating"][a] - found["rating"][b] == pytest.approx(400 * 0.7781513, abs=0.01)  # 18 to 3
    assert (found["votes"], found["ties"], found["both_bad"], found["raters"]) == (21, 1, 1, 1)
    assert f"| {a} | 1156 |" in done.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["vote", "gone.jsonl", "--votes", "v.jsonl", "--rater", "r"], "gone.jsonl cannot be read"),
        (["vote", "items.jsonl", "--votes", "no/v.jsonl", "--rater", "r"], "Votes cannot be written"),
        (["vote", "items.jsonl", "--votes", "v.jsonl", "--rater", "r", "--port", "99999"], "Port 99999"),
        (["rate", "gone.jsonl"], "gone.jsonl cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path, args, message):
    write_example(tmp_path)
    done = run(*(tmp_path / arg if arg.endswith(".jsonl") else arg for arg in args))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr
