from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from accounts import api as accounts_api
from billing import api as billing_api
from billing import payment_event_views
from generations import api, callback_views, media_views
from pvideo_platform import health, problem_views

api_patterns: list[URLPattern | URLResolver] = [
    path("generations", api.Generations.as_view()),
    path("generations/<uuid:generation_id>", api.OneGeneration.as_view()),
    path("generations/<uuid:generation_id>/cancel", api.CancelGeneration.as_view()),
    path("quotes", api.Quotes.as_view()),
    path("me", accounts_api.Me.as_view()),
    path("wallet", billing_api.WalletView.as_view()),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("generations.urls")),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include((api_patterns, "api"))),
    path("problems/<slug:code>", problem_views.problem, name="problem"),
    path("callbacks/pixazo/<uuid:generation_id>/<str:token>", callback_views.pixazo),
    path("callbacks/stripe", payment_event_views.stripe, name="stripe_events"),
    path("media/<str:token>/<str:file_name>", media_views.media, name="media"),
    path("healthz", health.healthz),
]
handler404 = "pvideo_platform.problem_views.not_found"
handler500 = "pvideo_platform.problem_views.server_error"
handler403 = "pvideo_platform.problem_views.forbidden"
handler400 = "pvideo_platform.problem_views.bad_request"
