"""Billing and the statement; included at the root."""

from django.urls import path

from billing import statement_views, top_up_views, views

urlpatterns = [
    path("billing", views.billing, name="billing"),
    path("billing/code", views.redeem_code, name="redeem_code"),
    path("billing/card", views.manage_card, name="manage_card"),
    path("billing/auto-top-up", views.switch_auto_top_up_on, name="auto_top_up_on"),
    path("billing/auto-top-up/off", views.switch_auto_top_up_off, name="auto_top_up_off"),
    path("billing/auto-top-up/consent", views.consent, name="auto_top_up_consent"),
    path("billing/alert", views.set_alert, name="balance_alert"),
    path("billing/top-ups", top_up_views.top_ups, name="top_ups"),
    path("billing/top-ups/<uuid:top_up_id>", top_up_views.top_up, name="top_up"),
    path("billing/top-ups/<uuid:top_up_id>/live", top_up_views.top_up_live, name="top_up_live"),
    path("billing/statement", statement_views.statement_page, name="statement"),
    path("billing/statement.csv", statement_views.statement_csv, name="statement_csv"),
]
