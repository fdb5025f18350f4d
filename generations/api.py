"""The REST API's doors for generations: parse, call one function, answer."""

import uuid
from typing import Any

from django.http import HttpResponseRedirect
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import body_api, query_api, shapes
from accounts.authentication import caller
from accounts.idempotent_views import idempotent
from accounts.models import Scope
from accounts.rate_limits import GENERATIONS
from accounts.resource_api import Resource
from generations import (
    answers,
    api_shapes,
    deletion,
    gallery,
    listing,
    media_links,
    places,
    retention,
    submission,
)
from generations.examples import EXAMPLES, METADATA
from generations.models import VideoModel
from generations.reading_api import generation_request

TAG = "Generations"
_FILTERS: dict[str, query_api.Reader] = {
    **query_api.PAGING,
    "status": query_api.one_of(*sorted(gallery.STATES_OF)),
    "model": query_api.one_of(*VideoModel.values),
    "api_key": query_api.identifier,
    "created_after": query_api.moment,
    "created_before": query_api.moment,
    "metadata[]": str,
}
VARIANTS = {
    "video": media_links.video_url,
    "poster": media_links.poster_url,
    "preview": media_links.preview_url,
}


def _query(name: str, schema: shapes.Schema, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=description)


class Generations(Resource):
    scopes = {"GET": Scope.GENERATIONS_READ, "POST": Scope.GENERATIONS_WRITE}
    queried = ("GET",)
    rate_limits = {"POST": GENERATIONS}
    errors = {
        "POST": (
            *("insufficient_credits", "wallet_in_debt", "wallet_frozen"),
            *("price_missing", "busy", "key_budget_exceeded", "member_limit_exceeded"),
        ),
    }

    @extend_schema(
        operation_id="create_generation",
        summary="Ask for a video",
        description="Quotes it, holds its full cost and queues it, all or nothing. Then poll it, "
        "or be told by a webhook.",
        tags=[TAG],
        request=api_shapes.GENERATION_REQUEST,
        responses={202: OpenApiResponse(api_shapes.GENERATION, "Accepted.")},
        extensions={
            "x-example": {
                "model": "p-video",
                "input": EXAMPLES["p-video"][0]["input"],
                "metadata": METADATA,
            },
            "x-idempotent": True,
            "x-location": True,
        },
    )
    def post(self, request: Request) -> Response:
        data = generation_request(request)
        accepted = submission.accept(
            caller(request),
            model=data["model"],
            input=data.get("input", {}),
            metadata=data.get("metadata"),
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        generation = accepted.generation
        headers = {"Location": f"/api/v1/generations/{generation.pk}"}
        if accepted.replayed:
            headers["Idempotency-Replayed"] = "true"
        return Response(answers.generation(generation, first=True), status=202, headers=headers)

    @extend_schema(
        operation_id="list_generations",
        summary="List generations",
        description="Those that are not deleted, newest first unless you ask otherwise.",
        tags=[TAG],
        parameters=[
            *query_api.PAGING_PARAMETERS,
            _query("status", api_shapes.STATUS, "Only those with this status."),
            _query("model", api_shapes.MODEL, "Only those of this model."),
            _query("api_key", shapes.ID, "Only those that this API key asked for."),
            _query("created_after", shapes.MOMENT, "Only those accepted from this moment on."),
            _query("created_before", shapes.MOMENT, "Only those accepted before this moment."),
            OpenApiParameter(
                "metadata",
                {"type": "object", "additionalProperties": {"type": "string", "maxLength": 500}},
                OpenApiParameter.QUERY,
                style="deepObject",
                explode=True,
                description="Only those whose `metadata` has these texts: `metadata[order]=A-1`.",
            ),
        ],
        responses={200: OpenApiResponse(api_shapes.GENERATION_PAGE, "A page.")},
    )
    def get(self, request: Request) -> Response:
        query = query_api.read(request, _FILTERS)
        page = listing.page(caller(request).organization_id, **query)
        reasons = places.queued_reasons(page.rows)
        return Response(
            query_api.page_as_json(
                request,
                page,
                lambda row: answers.generation(row, queued_reason=reasons.get(row.pk)),
            )
        )


class OneGeneration(Resource):
    scopes = {"GET": Scope.GENERATIONS_READ, "DELETE": Scope.GENERATIONS_WRITE}
    errors = {"DELETE": ("cannot_delete",)}

    @extend_schema(
        operation_id="retrieve_generation",
        summary="Retrieve a generation",
        description="How it stands now, with fresh links. Ask again until `status` is an end.",
        tags=[TAG],
        responses={200: OpenApiResponse(api_shapes.GENERATION, "The generation.")},
    )
    def get(self, request: Request, generation_id: uuid.UUID) -> Response:
        found = listing.one(caller(request).organization_id, generation_id)
        reason = places.queued_reasons([found]).get(found.pk)
        return Response(answers.generation(found, queued_reason=reason))

    @extend_schema(
        operation_id="delete_generation",
        summary="Delete a generation",
        description="Removes its files, and the generation from lists and gallery. What was "
        "charged stays charged, and in the ledger. One that is open cannot be deleted.",
        tags=[TAG],
        responses={204: OpenApiResponse(None, "Deleted.")},
    )
    def delete(self, request: Request, generation_id: uuid.UUID) -> Response:
        who = caller(request)
        deletion.delete(who.organization_id, generation_id, by=who)
        return Response(status=204)


class CancelGeneration(Resource):
    scopes = {"POST": Scope.GENERATIONS_WRITE}
    errors = {"POST": ("cannot_cancel",)}

    @extend_schema(
        operation_id="cancel_generation",
        summary="Cancel a generation",
        description="Possible while it has not been sent to the model, which cannot be stopped: "
        "after that the answer is 409 `cannot_cancel`, with its `generation_status`. "
        "What was held goes back.",
        tags=[TAG],
        request=None,
        responses={200: OpenApiResponse(api_shapes.GENERATION, "Canceled; all is refunded.")},
    )
    @idempotent
    def post(self, request: Request, generation_id: uuid.UUID) -> Response:
        body_api.nothing(request)
        return Response(answers.generation(submission.cancel(caller(request), generation_id)))


class GenerationContent(Resource):
    scopes = {"GET": Scope.GENERATIONS_READ}
    queried = ("GET",)
    errors = {"GET": ("no_content_yet", "content_removed")}

    @extend_schema(
        operation_id="generation_content",
        summary="Get the video",
        description="Redirects to a short-lived signed link, which needs no key.",
        tags=[TAG],
        parameters=[
            _query("variant", shapes.choice(*VARIANTS) | {"default": "video"}, "Which file."),
        ],
        responses={302: OpenApiResponse(None, "The link, in `Location`.")},
        extensions={"x-location": True},
    )
    def get(self, request: Request, generation_id: uuid.UUID) -> Any:
        query = query_api.read(request, {"variant": query_api.one_of(*VARIANTS)})
        found = gallery.one(caller(request).organization_id, generation_id)
        link = VARIANTS[query.get("variant", "video")](found)
        if not link and found.media_removed_at:
            raise retention.ContentRemoved(found)
        if not link:
            raise gallery.NoContentYet(
                "This file is not there: the video is not completed, or it has none of the kind.",
                generation_status=found.public_status,
            )
        response = HttpResponseRedirect(link)
        response["Cache-Control"] = "no-store"
        return response
