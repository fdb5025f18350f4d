"""Accepting a job, and calling it off before it is sent (design, section 5.1)."""

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts import spending
from accounts.access import Caller
from accounts.errors import DomainError, FieldError, InvalidParameters
from accounts.idempotency import IdempotencyKeyInUse, IdempotencyMismatch
from accounts.models import new_id
from billing import auto_topup, ledger, money
from generations import parameters, quoting, settlement
from generations.errors import GenerationMissing
from generations.models import Generation, State
from generations.work import DISPATCH

MAX_IDEMPOTENCY_KEY = 255
MAX_METADATA_BYTES = 16_384
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""As JSON escapes it: after an odd number of backslashes."""


_ACCEPT = ledger.statement(
    "generations_accept",
    *("uuid", "uuid", "bigint", "uuid", "timestamptz", "timestamptz"),
    *("text", "jsonb", "jsonb", "text", "bytea", "jsonb"),
    *("uuid", "integer", "bigint", "text"),
)


class CannotCancel(DomainError):
    code = "cannot_cancel"


class PriceAboveShown(DomainError):
    """It would cost more than the person was shown."""

    code = "price_above_shown"


@dataclass(frozen=True, slots=True)
class Accepted:
    generation: Generation
    replayed: bool


def accept(
    caller: Caller,
    *,
    model: str,
    input: Any,
    metadata: Any = None,
    idempotency_key: str = "",
    listeners: Sequence[Mapping[str, Any]] = (),
    most_micros: int | None = None,
) -> Accepted:
    """Take on a job: validate, quote, then insert it and hold its cost in one transaction.

    Asking again with the same key and the same request gives the same job, whatever has become
    of it, of the price or of the audio since. A refusal leaves no row.

    Args:
        caller: whose organization pays.
        model: "p-video" or "p-video-avatar".
        input: the reference's parameters, as decoded from JSON.
        metadata: an object of the caller's own, kept and given back.
        idempotency_key: "" for none; scoped to the organization.
        listeners: from `pixazo_requests.read`: checked addresses, part of the request.
        most_micros: the price that was shown; None where none was.

    Raises:
        InvalidParameters, PriceMissing, IdempotencyMismatch.
        PriceAboveShown: the price has risen, or another sound stands at the address.
        IdempotencyKeyInUse: the first request with the key is being accepted at this moment.
        SpendingLimitExceeded: the month's limit of the key, or of the member, would be passed.
        LedgerRefusal: the wallet cannot or may not pay.
    """
    params, notes = _validated(model, input, metadata, idempotency_key)
    request_hash = _hash(model, params, notes, listeners)
    if idempotency_key and (known := _asked_before(caller, idempotency_key, request_hash)):
        return _as_asked(known, params, notes)
    quote = quoting.quote(caller.organization_id, model, params)
    if most_micros is not None and quote.amount_micros > most_micros:
        now, before = (money.display(one) for one in (quote.amount_micros, most_micros))
        raise PriceAboveShown(f"The price is {now} now, and not {before} as was shown.")
    generation = _new(caller, model, params, notes, quote)
    generation.idempotency_key = idempotency_key
    generation.request_hash = request_hash
    generation.listeners = list(listeners)
    try:
        _insert_and_hold(generation)
    except ledger.InsufficientCredits:
        auto_topup.refused(caller.organization_id)  # what was refused has been rolled back
        raise
    except IntegrityError:
        # Someone with the same key was faster; its transaction has committed by now.
        known = _asked_before(caller, idempotency_key, request_hash) if idempotency_key else None
        if known is None:
            raise
        return _as_asked(known, params, notes)
    DISPATCH.nudge()
    return Accepted(generation, replayed=False)


def _insert_and_hold(generation: Generation) -> None:
    """The row and the hold in one round trip (generations/sql/accept.sql).

    The statement is a transaction by itself; inside another it is a savepoint's, so that a
    refusal undoes no more than itself.
    """
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            ledger.call(_ACCEPT, _arguments(generation))
    except DatabaseError as error:
        raise _refusal(error) or error from None


def _arguments(generation: Generation) -> list[Any]:
    return [
        generation.pk,
        generation.organization_id,
        generation.created_by_id,
        generation.api_key_id,
        generation.created_at,
        generation.deadline_at,
        generation.model,
        json.dumps(generation.input),
        json.dumps(generation.metadata),
        generation.idempotency_key,
        generation.request_hash,
        json.dumps(generation.listeners),
        generation.price_id,
        generation.quoted_seconds,
        ledger.bounded(generation.quoted_micros),
        ledger.referenced(generation.hold_reference),
    ]


def _refusal(error: DatabaseError) -> DomainError | None:
    """What the function refused besides what the ledger does."""
    match getattr(getattr(error.__cause__, "diag", None), "sqlstate", None):
        case "PV020":
            return IdempotencyKeyInUse()
        case "PV021":
            return IdempotencyMismatch()
    return spending.refusal(error)


def _new(
    caller: Caller,
    model: str,
    params: dict[str, Any],
    metadata: dict[str, Any],
    quote: quoting.Quote,
) -> Generation:
    now = timezone.now()
    return Generation(
        id=new_id(),
        organization_id=caller.organization_id,
        created_by_id=caller.user_id,
        api_key_id=caller.api_key_id,
        created_at=now,
        model=model,
        input=params,
        metadata=metadata,
        price=quote.price,
        quoted_seconds=quote.seconds,
        quoted_micros=quote.amount_micros,
        state=State.QUEUED,
        note="accepted",
        next_attempt_at=now,
        deadline_at=now + timedelta(seconds=settings.QUEUE_DEADLINE_SECONDS),  # until it is sent
    )


def _validated(
    model: str, raw: Any, metadata: Any, idempotency_key: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    errors = []
    if len(idempotency_key) > MAX_IDEMPOTENCY_KEY or not idempotency_key.isprintable():
        message = f"Idempotency-Key must be 1 to {MAX_IDEMPOTENCY_KEY} printable characters"
        errors.append(FieldError("Idempotency-Key", "invalid", message))
    notes = {} if metadata is None else metadata
    if error := _metadata_error(notes):
        errors.append(error)
    try:
        params = parameters.validate(model, raw)
    except InvalidParameters as error:
        errors = [*error.errors, *errors]
    else:
        if params.get("no_op"):
            message = "no_op must be false: it makes nothing, so there is nothing to keep"
            errors.append(FieldError("no_op", "invalid", message))
    if errors:
        raise InvalidParameters(errors)
    return params, dict(notes)


def _metadata_error(notes: Any) -> FieldError | None:
    if not isinstance(notes, Mapping):
        return FieldError("metadata", "type", "metadata must be an object")
    text = json.dumps(notes, ensure_ascii=False, separators=(",", ":"))
    if _NUL.search(text) or not parameters.is_text(text):
        return FieldError("metadata", "invalid", "metadata must be valid Unicode text")
    if len(text.encode()) > MAX_METADATA_BYTES:
        message = f"metadata must be at most {MAX_METADATA_BYTES} bytes of JSON"
        return FieldError("metadata", "too_large", message)
    return None


def _hash(
    model: str,
    params: dict[str, Any],
    metadata: dict[str, Any],
    listeners: Sequence[Mapping[str, Any]],
) -> bytes:
    text = json.dumps([model, params, metadata, *listeners], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _asked_before(caller: Caller, idempotency_key: str, request_hash: bytes) -> Accepted | None:
    generation = (
        Generation.objects.select_related("media")
        .filter(organization_id=caller.organization_id, idempotency_key=idempotency_key)
        .first()
    )
    if generation is None:
        return None
    if bytes(generation.request_hash) != request_hash:
        raise IdempotencyMismatch
    return Accepted(generation, replayed=True)


def _as_asked(known: Accepted, params: dict[str, Any], notes: dict[str, Any]) -> Accepted:
    """With the values of this request, which are the same: the row's have lost the order of their
    members (`jsonb`), and the first answer is repeated to the byte."""
    known.generation.input, known.generation.metadata = params, notes
    return known


def cancel(caller: Caller, generation_id: uuid.UUID) -> Generation:
    """Call a job off before it is sent, and release its hold.

    Raises:
        GenerationMissing: the organization has no such job.
        CannotCancel: it has been sent, or it has ended; the provider has no way to stop it.
    """
    if settlement.cancel(generation_id, organization_id=caller.organization_id):
        return Generation.objects.select_related("media").get(pk=generation_id)
    generation = Generation.objects.filter(
        pk=generation_id, organization_id=caller.organization_id, deleted_at__isnull=True
    ).first()
    if generation is None:
        raise GenerationMissing("There is no such generation.")
    state = "has ended" if not generation.is_open else "has been sent to the model"
    raise CannotCancel(
        f"This generation {state} and can no longer be canceled.",
        generation_status=generation.public_status,
    )
