"""Pages of organizations and keys; included at the root."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("organizations/switch", views.switch_organization, name="switch_organization"),
    path("api-keys/", views.keys, name="api_keys"),
    path("api-keys/<uuid:key_id>/revoke", views.revoke_key, name="revoke_api_key"),
]
