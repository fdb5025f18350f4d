"""Studio and gallery; included at the root."""

from django.urls import path

from generations import gallery_views, retention_views, studio_views, usage_views

urlpatterns = [
    path("", studio_views.home, name="home"),
    path("studio/", studio_views.studio, name="studio"),
    path("studio/<slug:model>/", studio_views.studio, name="studio"),
    path("studio/<slug:model>/quote", studio_views.studio_quote, name="studio_quote"),
    path("gallery/", gallery_views.gallery_page, name="gallery"),
    path("gallery/live", gallery_views.gallery_live, name="gallery_live"),
    path("gallery/<uuid:generation_id>/", gallery_views.generation, name="generation"),
    path(
        "gallery/<uuid:generation_id>/live", gallery_views.generation_live, name="generation_live"
    ),
    path("gallery/<uuid:generation_id>/cancel", gallery_views.cancel, name="cancel_generation"),
    path("settings/media/", retention_views.media, name="settings_media"),
    path("usage/", usage_views.usage_page, name="usage"),
    path("usage/usage.csv", usage_views.usage_csv, name="usage_csv"),
]
