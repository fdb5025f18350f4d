"""Settings of the API's framework and of its description: nothing of them is configurable."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiKeyAuthentication",
        "accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "accounts.rate_limit_views.WithinRateLimit",
        "accounts.authentication.HasScope",
    ],
    "DEFAULT_PARSER_CLASSES": ["pvideo_platform.json_api.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "pvideo_platform.problems.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "pvideo_platform.openapi.OperationSchema",
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS is no method of ours
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "PVideo API",
    "VERSION": "1",
    "PREPROCESSING_HOOKS": ["pvideo_platform.openapi.native_only"],
    "POSTPROCESSING_HOOKS": ["pvideo_platform.openapi.complete"],
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
}
