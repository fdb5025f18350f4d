"""Studio and gallery; included at the root."""

from django.urls import path

from generations import views

urlpatterns = [
    path("", views.home, name="home"),
    path("studio/", views.studio, name="studio"),
    path("studio/<slug:model>/", views.studio, name="studio"),
    path("studio/<slug:model>/quote", views.studio_quote, name="studio_quote"),
    path("gallery/", views.gallery_page, name="gallery"),
    path("gallery/live", views.gallery_live, name="gallery_live"),
    path("gallery/<uuid:generation_id>/", views.generation, name="generation"),
    path("gallery/<uuid:generation_id>/live", views.generation_live, name="generation_live"),
    path("gallery/<uuid:generation_id>/cancel", views.cancel, name="cancel_generation"),
]
