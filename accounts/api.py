"""The REST API's door for who is asking."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import ANY_SCOPE, caller


class Me(APIView):
    """Whose key this is and what it may do. Any key may ask."""

    scopes = {"GET": ANY_SCOPE}

    def get(self, request: Request) -> Response:
        who = caller(request)
        organization = who.organization
        return Response(
            {
                "organization": {"id": str(organization.pk), "name": organization.name},
                "scopes": sorted(who.scopes),
            }
        )
