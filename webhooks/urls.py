"""The API's paths for webhooks; included below /api/v1/."""

from django.urls import path

from webhooks import api, deliveries_api

api_patterns = [
    path("webhook-endpoints", api.Endpoints.as_view()),
    path("webhook-endpoints/<uuid:endpoint_id>", api.OneEndpoint.as_view()),
    path("webhook-endpoints/<uuid:endpoint_id>/secret", api.EndpointSecret.as_view()),
    path("webhook-endpoints/<uuid:endpoint_id>/rotate-secret", api.RotateSecret.as_view()),
    path("webhook-endpoints/<uuid:endpoint_id>/test", api.TestEndpoint.as_view()),
    path("webhook-endpoints/<uuid:endpoint_id>/replay", api.ReplayMissed.as_view()),
    path("webhook-deliveries", deliveries_api.Deliveries.as_view()),
    path("webhook-deliveries/<uuid:delivery_id>", deliveries_api.OneDelivery.as_view()),
    path("webhook-deliveries/<uuid:delivery_id>/replay", deliveries_api.ReplayDelivery.as_view()),
    path("webhook-events", deliveries_api.Events.as_view()),
    path("webhook-events/<str:event_id>", deliveries_api.OneEvent.as_view()),
]
