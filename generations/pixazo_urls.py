"""The Pixazo-compatible API; included at the root, after everything else.

`/{model}/v1/{model}/result/...` and `/{model}/v1/status/...` are not in the reference: published
clients poll there.
"""

from django.urls import re_path

from generations import pixazo_api
from generations.models import VideoModel

_MODEL = f"(?:{'|'.join(VideoModel.values)})"
_REQUEST = r"(?P<request_id>[^/]+)/?\Z"

urlpatterns = [
    re_path(
        r"^(?P<product>(?!api/)[^/]+)/v1/(?P<model>[^/]+)/generate/?\Z",
        pixazo_api.Generate.as_view(),
    ),
    re_path(rf"^v2/requests/status/{_REQUEST}", pixazo_api.Status.as_view()),
    re_path(rf"^{_MODEL}/v1/{_MODEL}/result/{_REQUEST}", pixazo_api.Status.as_view()),
    re_path(rf"^{_MODEL}/v1/status/{_REQUEST}", pixazo_api.Status.as_view()),
    re_path(rf"^(?:v2|{_MODEL})(?:/.*)?\Z", pixazo_api.Nothing.as_view()),
]
