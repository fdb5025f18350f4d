"""Pages of organizations and keys; included at the root."""

from django.urls import path

from accounts import account_views, key_views, views

urlpatterns = [
    path("account/", account_views.overview, name="account_settings"),
    path("account/sessions/<int:session_id>/end", account_views.end_session, name="end_session"),
    path("account/delete", account_views.delete_account, name="delete_account"),
    path("organizations/switch", views.switch_organization, name="switch_organization"),
    path("api-keys/", key_views.keys, name="api_keys"),
    path("api-keys/new", key_views.new_key, name="api_keys_new"),
    path("api-keys/<uuid:key_id>/edit", key_views.edit_key, name="api_keys_edit"),
    path(
        "api-keys/<uuid:key_id>/end-previous",
        key_views.end_previous_secret,
        name="api_keys_end_previous",
    ),
    path("api-keys/<uuid:key_id>/rotate", key_views.rotate_key, name="rotate_api_key"),
    path("api-keys/<uuid:key_id>/revoke", key_views.revoke_key, name="revoke_api_key"),
]
