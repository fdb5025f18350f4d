"""What the Studio says that a job will cost, and what is left after it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.errors import DomainError
from billing import pricing
from billing.models import Price, Wallet
from generations import parameters, quoting
from generations.modes import Mode
from generations.parameters import InvalidParameters
from generations.studio_requests import Filled

_HINTS = {
    "audio": "The length of the sound makes the price.",
    "voice_script": "The length of the script makes the price.",
}


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A quote; or, while there is none, the price of a second and a quiet hint what is lacking.

    Attributes:
        rate: what a second costs, where that can be told.
        wallet: read after the quote.
    """

    wallet: Wallet
    quote: quoting.Quote | None = None
    rate: Price | None = None
    hint: str = ""

    @property
    def after_micros(self) -> int:
        """What would be available afterwards; below zero when that is not enough."""
        quoted = self.quote.amount_micros if self.quote else 0
        return self.wallet.available_micros - quoted

    @property
    def missing_micros(self) -> int:
        """How much the wallet lacks; zero when it can pay."""
        return max(0, -self.after_micros)

    @property
    def is_stopped(self) -> bool:
        """Whether the wallet pays nothing at all for now, whatever is in it."""
        return bool(self.wallet.frozen_at or self.wallet.debt_micros)

    @property
    def needs_credits(self) -> bool:
        return not self.is_stopped and (
            bool(self.missing_micros) or not self.wallet.available_micros
        )


def line(organization_id: uuid.UUID, filled: Filled) -> PriceLine:
    """The price of what a form asks for, as it stands. Not inside a transaction: see `quote`."""
    mode, given = filled.mode, filled.priced
    quote, rate, hint = None, None, ""
    if missing := filled.missing:
        hint = _HINTS.get(missing[0].field, missing[0].message)
    else:
        try:
            params = parameters.validate(mode.model, given)
            quote = quoting.quote(organization_id, mode.model, params, fresh=False)
        except InvalidParameters as error:
            hint = mode.in_words(error.errors)[0].message
        except DomainError as error:
            hint = error.message
    if quote is None:
        rate = _rate(organization_id, mode, given)
    return PriceLine(Wallet.objects.get(pk=organization_id), quote, rate, hint)


def _rate(organization_id: uuid.UUID, mode: Mode, given: Mapping[str, Any]) -> Price | None:
    """What a second costs of what the form asks for, if that is on sale."""
    resolution = given.get("resolution")
    if resolution not in parameters.RESOLUTIONS:
        return None
    try:
        return pricing.in_force(
            organization_id=organization_id,
            model=mode.model,
            resolution=resolution,
            draft=given.get("draft") is True,
        )
    except pricing.PriceMissing:
        return None
