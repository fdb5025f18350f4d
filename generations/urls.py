"""Studio and gallery; included at the root."""

from django.urls import path

from generations import (
    gallery_urls,
    retention_views,
    run_views,
    studio_views,
    upload_views,
    usage_views,
)

urlpatterns = [
    path("studio/", studio_views.studio, name="studio"),
    path("studio/live", run_views.studio_live, name="studio_live"),
    path("studio/runs/<uuid:generation_id>/cancel", run_views.cancel_run, name="cancel_run"),
    path("studio/uploads/<slug:kind>", upload_views.upload, name="studio_upload"),
    path("studio/<slug:slug>/", studio_views.studio, name="studio"),
    path("studio/<slug:slug>/form", studio_views.studio_form, name="studio_form"),
    path("studio/<slug:slug>/quote", studio_views.studio_quote, name="studio_quote"),
    path("studio/<slug:slug>/code", studio_views.studio_code, name="studio_code"),
    path("usage/", usage_views.usage_page, name="usage"),
    path("usage/usage.csv", usage_views.usage_csv, name="usage_csv"),
    *gallery_urls.urlpatterns,
    path("settings/media/", retention_views.media, name="settings_media"),
]
