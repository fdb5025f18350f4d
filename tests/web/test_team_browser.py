"""A team in two browsers: invited in one, joined in another, made a member, switched."""

import re

from allauth.account.models import EmailAddress
from django.core import mail

from accounts import invitation_mail, organizations
from accounts.models import Membership, Organization, User
from tests.web.browsing import OVERFLOWING, Visit, in_chromium, inaccessible

pytestmark = in_chromium


def test_a_team_in_two_browsers(visit: Visit, alice: User, acme: Organization) -> None:
    hers = visit(alice).page
    hers.goto("/team/")
    hers.get_by_label("E-mail address").fill("erin@example.com")
    hers.get_by_label("Role", exact=True).select_option("viewer")
    hers.get_by_role("button", name="Send invitation").click()
    hers.get_by_text("An invitation is on its way").wait_for()
    assert inaccessible(hers) == []
    invitation_mail.send_due()
    link = re.search(r"http\S+/invitations/\S+", str(mail.outbox[-1].body))
    assert link

    # In the other browser: nobody, then somebody with that address.
    erin = User.objects.create_user("erin@example.com", "erin-password", name="Erin")
    EmailAddress.objects.create(user=erin, email=erin.email, verified=True, primary=True)
    organizations.found(erin, name="Erin's own")
    theirs = visit(None, viewport={"width": 390, "height": 844}).page
    theirs.goto(link[0])
    theirs.get_by_role("link", name="Sign in to join").click()
    theirs.get_by_label("E-mail").fill("erin@example.com")
    theirs.locator("input[type=password]").fill("erin-password")
    theirs.locator("main form button[type=submit]").first.click()
    theirs.get_by_role("button", name="Join Acme").click()
    theirs.get_by_text("Welcome to Acme.").wait_for()
    theirs.goto("/team/")
    assert theirs.get_by_role("button", name="Send invitation").count() == 0

    # Alice makes her an admin, in the dialog: it holds from the next click on.
    hers.goto("/team/")
    hers.get_by_role("link", name="Change erin@example.com").click()
    dialog = hers.get_by_role("dialog")
    dialog.get_by_label("Admin").check()
    dialog.get_by_role("button", name="Save").click()
    hers.get_by_text("erin@example.com is saved.").wait_for()
    assert Membership.objects.get(user=erin, organization=acme).role == "admin"
    theirs.goto("/settings/audit/")
    theirs.get_by_text("viewer → admin").wait_for()
    assert theirs.evaluate(OVERFLOWING) == []
    assert inaccessible(theirs) == []

    # She switches to her own organization and stays on the page that she was on.
    theirs.goto("/team/")
    theirs.locator(".topbar button[popovertarget=sidebar]").click()
    theirs.locator(".organizations > summary").click()
    theirs.get_by_role("button", name="Erin's own").click()
    theirs.get_by_text("You are now working in Erin's own.").wait_for()
    assert theirs.url.endswith("/team/")
