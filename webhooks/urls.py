"""The paths for webhooks: pages at the root, the API's below /api/v1/."""

from django.urls import path

from webhooks import api, deliveries_api, delivery_views, views

_ONE = "webhooks/<uuid:endpoint_id>/"
_DELIVERY = "webhooks/deliveries/<uuid:delivery_id>/"
urlpatterns = [
    path("webhooks/", views.webhooks, name="webhooks"),
    path("webhooks/new", views.new_endpoint, name="webhooks_new"),
    path(_ONE, views.endpoint_page, name="webhooks_endpoint"),
    path(f"{_ONE}secret", views.endpoint_secret, name="webhooks_secret"),
    path(f"{_ONE}edit", views.edit_endpoint, name="webhooks_edit"),
    path(f"{_ONE}rotate", views.rotate_secret, name="webhooks_rotate"),
    path(f"{_ONE}disable", views.disable_endpoint, name="webhooks_disable"),
    path(f"{_ONE}enable", views.enable_endpoint, name="webhooks_enable"),
    path(f"{_ONE}delete", views.delete_endpoint, name="webhooks_delete"),
    path(f"{_ONE}test", views.send_test, name="webhooks_test"),
    path(f"{_ONE}replay", views.replay_missed, name="webhooks_replay"),
    path("webhooks/deliveries/", delivery_views.deliveries, name="webhooks_deliveries"),
    path(_DELIVERY, delivery_views.delivery, name="webhooks_delivery"),
    path(f"{_DELIVERY}live", delivery_views.delivery_live, name="webhooks_delivery_live"),
    path(f"{_DELIVERY}test", delivery_views.test_live, name="webhooks_test_live"),
    path(f"{_DELIVERY}replay", delivery_views.replay, name="webhooks_delivery_replay"),
]

api_patterns = [
    path("webhook-endpoints", api.Endpoints.as_view()),
    path("webhook-endpoints/<uuid:endpoint_id>", api.OneEndpoint.as_view()),
    path(
        "webhook-endpoints/<uuid:endpoint_id>/secret",
        api.EndpointSecret.as_view(),
        name="webhook_secret_api",
    ),
    path("webhook-endpoints/<uuid:endpoint_id>/rotate-secret", api.RotateSecret.as_view()),
    path("webhook-endpoints/<uuid:endpoint_id>/test", api.TestEndpoint.as_view()),
    path("webhook-endpoints/<uuid:endpoint_id>/replay", api.ReplayMissed.as_view()),
    path("webhook-deliveries", deliveries_api.Deliveries.as_view()),
    path("webhook-deliveries/<uuid:delivery_id>", deliveries_api.OneDelivery.as_view()),
    path("webhook-deliveries/<uuid:delivery_id>/replay", deliveries_api.ReplayDelivery.as_view()),
    path("webhook-events", deliveries_api.Events.as_view()),
    path("webhook-events/<str:event_id>", deliveries_api.OneEvent.as_view()),
]
