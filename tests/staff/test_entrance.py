"""Who gets into the admin, and under which content policy its pages stand."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.test import override_settings
from django.urls import reverse

from tests.staff.conftest import logged_in

GENERATIONS = "/admin/generations/generation/"


@pytest.mark.parametrize("path", ["/admin/", GENERATIONS, "/admin/login/"])
def test_strangers_log_in_at_the_site_and_come_back(client, db, path):
    answer = client.get(path, follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert "next=/admin/" in answer.redirect_chain[-1][0].replace("%2F", "/")


@pytest.mark.parametrize("path", ["/admin/", GENERATIONS])
def test_customers_do_not_get_in(alice, path):
    assert logged_in(alice).get(path, follow=True).status_code == 403


def test_someone_who_left_does_not_get_in(root):
    client = logged_in(root)
    root.is_active = False
    root.save()
    assert client.get("/admin/").status_code == 302


def test_the_admin_has_a_policy_of_its_own_and_the_site_keeps_its(as_root, as_alice):
    strict = "script-src 'self' 'unsafe-eval'; style-src 'self';"
    for path in ("/admin/", GENERATIONS, "/admin/billing/price/add/"):
        policy = as_root.get(path).headers["Content-Security-Policy"]
        assert strict in policy
        assert "form-action 'self';" in policy + ";"
    for path in ("/studio/", "/accounts/login/", "/api/docs/"):
        assert "unsafe" not in as_alice.get(path).headers["Content-Security-Policy"], path


def test_ones_password_is_changed_at_ones_account(as_root):
    assert as_root.get("/admin/password_change/").url == reverse("account_change_password")


def test_the_badge_says_where_an_act_takes_effect(as_root):
    page = as_root.get("/admin/").content.decode()
    assert "Demo" in page
    assert "<style" not in page


class TestSecondFactor:
    @override_settings(STAFF_SECOND_FACTOR_REQUIRED=True)
    def test_without_one_every_page_leads_to_setting_it_up(self, as_root):
        for path in ("/admin/", GENERATIONS, "/admin/autocomplete/", "/admin/jsi18n/"):
            answer = as_root.get(path)
            assert (answer.status_code, answer.url) == (302, reverse("mfa_index")), path
        assert as_root.post("/admin/billing/price/add/", {}).url == reverse("mfa_index")

    @override_settings(STAFF_SECOND_FACTOR_REQUIRED=True)
    def test_with_one_they_open(self, root):
        TOTP.activate(root, generate_totp_secret())
        assert logged_in(root).get("/admin/").status_code == 200

    @override_settings(STAFF_SECOND_FACTOR_REQUIRED=True)
    def test_looking_as_a_customer_ends_with_the_factor(self, sue, acme):
        TOTP.activate(sue, generate_totp_secret())
        client = logged_in(sue)
        client.post(reverse("admin:look_as", args=[acme.pk]), {"reason": "ticket 7"})
        assert client.get(reverse("gallery")).status_code == 200
        sue.authenticator_set.all().delete()
        assert client.get(reverse("gallery")).headers["Location"] == reverse("admin:index")

    def test_the_demo_goes_without(self, as_root):
        assert settings.PVIDEO_MODE == "demo"
        assert not settings.STAFF_SECOND_FACTOR_REQUIRED
        assert as_root.get("/admin/").status_code == 200
