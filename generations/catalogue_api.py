"""The REST API's doors for what is on sale: models and quotes."""

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import caller
from accounts.models import Scope
from accounts.resource_api import Resource
from generations import answers, api_shapes, catalogue, parameters, quoting
from generations.examples import EXAMPLES
from generations.reading_api import generation_request

TAG = "Models and prices"


class Models(Resource):
    scopes = {"GET": Scope.GENERATIONS_READ}

    @extend_schema(
        operation_id="list_models",
        summary="List models",
        description="Each with the JSON Schema of its parameters and your prices. All on one page.",
        tags=[TAG],
        responses={200: OpenApiResponse(api_shapes.MODEL_LIST, "The models.")},
    )
    def get(self, request: Request) -> Response:
        return Response({"results": catalogue.models(caller(request).organization_id)})


class OneModel(Resource):
    scopes = {"GET": Scope.GENERATIONS_READ}

    @extend_schema(
        operation_id="retrieve_model",
        summary="Retrieve a model",
        description="With the JSON Schema of its parameters and your prices.",
        tags=[TAG],
        parameters=[
            OpenApiParameter(
                "model",
                api_shapes.MODEL,
                OpenApiParameter.PATH,
                description="The model's id.",
            )
        ],
        responses={200: OpenApiResponse(api_shapes.MODEL_DETAILS, "The model.")},
    )
    def get(self, request: Request, model: str) -> Response:
        return Response(catalogue.model(caller(request).organization_id, model))


class Quotes(Resource):
    """What a request would cost. Nothing is held."""

    scopes = {"POST": Scope.GENERATIONS_READ}
    errors = {"POST": ("price_missing", "busy")}

    @extend_schema(
        operation_id="create_quote",
        summary="Ask for a price",
        description="What the same body would hold as a generation. Nothing is held or kept.",
        tags=[TAG],
        request=api_shapes.GENERATION_REQUEST,
        responses={200: OpenApiResponse(api_shapes.QUOTE, "The quote.")},
        extensions={"x-example": {"model": "p-video", "input": EXAMPLES["p-video"][0]["input"]}},
    )
    def post(self, request: Request) -> Response:
        data = generation_request(request)
        params = parameters.validate(data["model"], data.get("input", {}))
        quote = quoting.quote(caller(request).organization_id, data["model"], params, fresh=False)
        return Response(answers.quote(quote, model=data["model"], params=params))
