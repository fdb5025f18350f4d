"""The demo's data: the same after every start, made only where it is missing."""

from pathlib import Path

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts import api_keys, organizations
from accounts.models import ApiKey, Organization, Role, User
from billing import ledger
from billing.models import Account, Entry, EntryKind
from billing.money import MICROS
from pvideo_platform.demo import credentials
from pvideo_platform.demo.credentials import Credentials

WELCOME_MICROS = 50 * MICROS
KEY_NAME = "Demo"


def seed(data_dir: Path) -> Credentials:
    """Customer, staff, organization, credits and API key, and what to log in with.

    Assumes the lock on the data folder: it does not run twice at once.
    """
    wanted = credentials.load_or_make(data_dir)
    with transaction.atomic():
        staff = _user(credentials.STAFF_EMAIL, wanted.staff_password, staff=True)
        customer = _user(credentials.CUSTOMER_EMAIL, wanted.customer_password, staff=False)
        studio = _studio(customer)
        complete = wanted.with_api_key(_api_key(studio, customer, wanted.api_key))
        _welcome(studio, staff)  # takes the wallet's lock, so it comes last
    credentials.save(data_dir, complete)
    return complete


def _user(email: str, password: str, *, staff: bool) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, password)
    if not user.check_password(password):
        user.set_password(password)
    user.is_active, user.is_staff, user.is_superuser = True, staff, staff
    user.save(update_fields=["password", "is_active", "is_staff", "is_superuser"])
    EmailAddress.objects.update_or_create(
        user=user, email=email, defaults={"verified": True, "primary": True}
    )
    return user


def _studio(customer: User) -> Organization:
    owned = Organization.objects.filter(
        name=credentials.ORGANIZATION,
        memberships__user=customer,
        memberships__role=Role.OWNER,
    ).first()
    return owned or organizations.found(customer, name=credentials.ORGANIZATION)


def _api_key(studio: Organization, customer: User, secret: str) -> str:
    """The secret that was kept, if it still opens the door, else a new one in its place."""
    caller = api_keys.recognise(secret)
    if caller is not None and caller.organization_id == studio.pk:
        return secret
    for lost in ApiKey.objects.filter(organization=studio, name=KEY_NAME, revoked_at=None):
        api_keys.revoke(lost)
    return api_keys.create(studio, name=KEY_NAME, created_by=customer)[1]


def _welcome(studio: Organization, staff: User) -> None:
    reference = f"demo:welcome:{studio.pk}"
    if Entry.objects.filter(kind=EntryKind.ADJUSTMENT, reference=reference).exists():
        return
    ledger.credit(
        organization_id=studio.pk,
        kind=EntryKind.ADJUSTMENT,
        account=Account.PROMOTIONS,
        amount_micros=WELCOME_MICROS,
        reference=reference,
        reason="Demo credits",
        made_by_id=staff.pk,
    )
