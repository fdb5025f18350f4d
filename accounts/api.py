"""The REST API's door for who is asking."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import ANY_SCOPE, caller
from accounts.models import Scope
from accounts.resource_api import Resource
from accounts.shapes import ID, TEXT, array, choice, component, described, record

ME = component(
    "Me",
    record(
        "Whose key this is.",
        organization=component(
            "Organization",
            record(
                "A customer of ours.",
                id=ID,
                name=described(TEXT, "As its owner called it.", maxLength=100),
            ),
        ),
        scopes=array(choice(*Scope.values), "What it may do."),
    ),
)


class Me(Resource):
    """Whose key this is and what it may do. Any key may ask."""

    scopes = {"GET": ANY_SCOPE}

    @extend_schema(
        operation_id="get_me",
        summary="Get who is asking",
        description="The organization and the scopes of the key. Any key may ask.",
        tags=["Account"],
        responses={200: OpenApiResponse(ME, "Who is asking.")},
    )
    def get(self, request: Request) -> Response:
        who = caller(request)
        organization = who.organization
        return Response(
            {
                "organization": {"id": str(organization.pk), "name": organization.name},
                "scopes": sorted(who.scopes),
            }
        )
