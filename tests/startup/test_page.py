"""The walkthrough's browser: what it makes of a page, and what it refuses to send."""

import pytest

from pvideo_platform.demo.failure import DemoFailure
from pvideo_platform.demo.page import Page

HTML = """<!doctype html><title>Billing</title>
<script>if (1 < 2) { document.write("<form>") }</script>
<h1>Buy &amp; pay</h1> <noscript>Check  again</noscript>
<a href="/invoices/1">Invoice <b>A-1</b>
 (PDF)</a>
<form method="post" action="?step=2">
  <input type="hidden" name="token" value="a&amp;b">
  <button>Continue</button>
  <input type="checkbox" name="keep"><input type="checkbox" name="scope" value="read" checked>
  <input type="checkbox" name="scope" value="write" checked><input name="amount" value="5">
  <button name="pack" value="20.00"></button><input type="submit" name="go" value="Go">
</form>
<input id="secret" name="outside" value="pv_1" readonly>"""


@pytest.fixture
def page() -> Page:
    return Page(
        url="http://here/billing",
        status=200,
        headers={"content-type": "text/html; charset=utf-8"},
        body=HTML.encode(),
    )


def test_it_is_read(page: Page) -> None:
    assert page.text == "Buy & pay Check again Invoice A-1 (PDF) Continue"
    assert page.links == [("Invoice A-1 (PDF)", "http://here/invoices/1")]
    assert page.value("secret") == "pv_1"


def test_a_form_is_sent_as_it_stands_with_what_was_typed(page: Page) -> None:
    form = page.form("/billing")
    assert (form.action, form.method) == ("http://here/billing?step=2", "POST")
    kept = [("token", "a&b"), ("scope", "read"), ("scope", "write"), ("amount", "5")]
    assert form.filled({}, None) == kept
    pressed = form.filled({"amount": "7", "keep": "on"}, ("pack", "20.00"))
    assert pressed == [*kept[:3], ("amount", "7"), ("keep", "on"), ("pack", "20.00")]


def test_what_is_not_there_is_named(page: Page) -> None:
    form = page.form("/billing")
    with pytest.raises(DemoFailure, match=r"has no \{'price'\}"):
        form.filled({"price": "7"}, None)
    with pytest.raises(DemoFailure, match=r"has no \('pack', '10.00'\)"):
        form.filled({}, ("pack", "10.00"))
    with pytest.raises(DemoFailure, match="no form that goes to /login"):
        page.form("/login")
    with pytest.raises(DemoFailure, match="no field password"):
        page.value("password")


def test_a_file_has_neither_text_nor_forms() -> None:
    file = Page(url="http://here/a.csv", status=200, headers={}, body=b"a,<a href='/'>b</a>")
    assert (file.text, file.links, file.body) == ("", [], b"a,<a href='/'>b</a>")
