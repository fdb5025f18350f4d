"""The gallery, one generation, and shared videos; included at the root."""

from django.urls import path

from generations import (
    gallery_views,
    generation_views,
    selection_views,
    share_views,
    undo_views,
)

_ONE = "gallery/<uuid:generation_id>/"

urlpatterns = [
    path("gallery/", gallery_views.gallery_page, name="gallery"),
    path("gallery/live", gallery_views.gallery_live, name="gallery_live"),
    path("gallery/news", gallery_views.gallery_news, name="gallery_news"),
    path("gallery/download", selection_views.download, name="gallery_download"),
    path("gallery/delete", selection_views.delete, name="gallery_delete"),
    path("gallery/restore", undo_views.restore, name="gallery_restore"),
    path(_ONE, generation_views.generation, name="generation"),
    path(f"{_ONE}live", generation_views.generation_live, name="generation_live"),
    path(f"{_ONE}cancel", generation_views.cancel, name="cancel_generation"),
    path(f"{_ONE}share", share_views.share, name="gallery_share"),
    path(f"{_ONE}unshare", share_views.unshare, name="gallery_unshare"),
    path("share/<str:token>/", share_views.shared, name="shared"),
    path("share/<str:token>/<str:file_name>", share_views.shared_file, name="shared_file"),
]
