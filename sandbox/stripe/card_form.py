"""The card fields and the list of test cards, on Checkout and in the portal."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from sandbox.stripe import cards
from sandbox.stripe.cards import FieldProblem, TypedCard

_EXPIRY = "12 / 34"
_CVC = "123"


@dataclass
class Filled:
    """What the fields hold, and what is wrong: `problems` by field, `alert` for the whole."""

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    alert: str = ""

    def read_card(self) -> TypedCard | None:
        """Return the card that was typed, or None with its problem noted."""
        values = self.values
        try:
            return cards.typed(
                values.get("number", ""), values.get("expiry", ""), values.get("cvc", "")
            )
        except FieldProblem as problem:
            self.problems[problem.field] = problem.message
            self.alert = problem.message
            return None


def preset(number: str | None, *, name: str) -> Filled:
    """Return the fields for a test card that was chosen from the list, or empty ones."""
    card = cards.BY_NUMBER.get(number or "")
    values = {"name": name}
    if card is not None:
        values |= {"number": card.spaced, "expiry": _EXPIRY, "cvc": _CVC}
    return Filled(values)


def alert(filled: Filled) -> str:
    """Return the alert above the form, which takes the focus."""
    if not filled.alert:
        return ""
    text = escape(filled.alert)
    return f'<p class="alert" id="alert" role="alert" tabindex="-1" autofocus>{text}</p>'


def fields(filled: Filled) -> str:
    """Return the fields of a card."""
    return (
        text_field(filled, "number", "Card number", numeric=True, hint="4242 4242 4242 4242")
        + '<div class="pair">'
        + text_field(filled, "expiry", "Expiry MM/YY", hint="12 / 34")
        + text_field(filled, "cvc", "Security code", numeric=True, hint="123")
        + "</div>"
        + text_field(filled, "name", "Name on card")
    )


def text_field(
    filled: Filled, name: str, label: str, *, numeric: bool = False, hint: str = ""
) -> str:
    """Return one labelled field with its problem, if any."""
    problem = filled.problems.get(name, "")
    # Browsers must not offer a real card here.
    attributes = ' autocomplete="off"' + (' inputmode="numeric"' if numeric else "")
    if hint:
        attributes += f' placeholder="{hint}"'
    if problem:
        attributes += f' aria-invalid="true" aria-describedby="{name}-problem"'
    below = f'<p class="error" id="{name}-problem">{escape(problem)}</p>' if problem else ""
    return (
        f'<div class="field"><label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" value="{escape(filled.values.get(name, ""))}"'
        f"{attributes}>{below}</div>"
    )


def checkbox(name: str, label: str, *, checked: bool) -> str:
    """Return a labelled checkbox."""
    mark = " checked" if checked else ""
    return (
        f'<label class="check"><input type="checkbox" name="{name}"{mark}>'
        f"<span>{escape(label)}</span></label>"
    )


def test_cards() -> str:
    """Return the list of test cards, each with a link that fills it in."""
    rows = "".join(
        f"<li><code>{card.spaced}</code><span>{escape(card.does)}</span>"
        f'<a class="button small" href="?card={card.number}" '
        f'aria-label="Fill in {card.spaced}: {escape(card.does)}">Fill in</a></li>'
        for card in cards.CARDS
    )
    return (
        f'<section class="card" aria-labelledby="tests"><h2 id="tests">Test cards</h2>'
        '<p class="soft small">Only these numbers are taken, with any future expiry and any three '
        "digits.</p>"
        f'<ul class="tests">{rows}</ul></section>'
    )
