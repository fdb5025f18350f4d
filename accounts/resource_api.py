"""What every address of the API does before its own method."""

from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from accounts import query_api


class Resource(APIView):
    """An address of the API. It names its `scopes` (`authentication.HasScope`) and may name

    errors: the codes of each method, beyond those that every call has.
    queried: the methods that read query parameters themselves. All others take none: what would
        be ignored is refused by name.
    rate_limits: further policies (`rate_limit_views.WithinRateLimit`).
    """

    http_method_names = ["get", "post", "patch", "delete", "head"]
    queried: tuple[str, ...] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        method = "GET" if request.method == "HEAD" else request.method
        if method in self.allowed_methods and method not in self.queried:
            query_api.read(request, {})
