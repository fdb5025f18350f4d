from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from accounts import api as accounts_api
from accounts import keys_api
from billing import api as billing_api
from billing import payment_event_views, payments_api
from generations import (
    api,
    callback_views,
    catalogue_api,
    media_views,
    uploads_api,
    usage_api,
)
from pvideo_platform import demo_mail_views, docs_views, health, landing_views, problem_views
from webhooks import urls as webhooks_urls

api_patterns: list[URLPattern | URLResolver] = [
    path("generations", api.Generations.as_view()),
    path("generations/<uuid:generation_id>", api.OneGeneration.as_view()),
    path("generations/<uuid:generation_id>/cancel", api.CancelGeneration.as_view()),
    path("generations/<uuid:generation_id>/content", api.GenerationContent.as_view()),
    path("quotes", catalogue_api.Quotes.as_view()),
    path("models", catalogue_api.Models.as_view()),
    path("models/<str:model>", catalogue_api.OneModel.as_view()),
    path("prices", billing_api.Prices.as_view()),
    path("usage", usage_api.Usage.as_view()),
    path("uploads", uploads_api.Uploads.as_view()),
    path("uploads/<uuid:upload_id>", uploads_api.OneUpload.as_view()),
    path("me", accounts_api.Me.as_view()),
    path("api-keys", keys_api.ApiKeys.as_view()),
    path("api-keys/<uuid:key_id>", keys_api.OneApiKey.as_view()),
    path("api-keys/<uuid:key_id>/rotate", keys_api.RotateApiKey.as_view()),
    path("wallet", billing_api.WalletView.as_view()),
    path("wallet/entries", payments_api.Entries.as_view()),
    path("top-ups", payments_api.TopUps.as_view()),
    path("top-ups/<uuid:top_up_id>", payments_api.OneTopUp.as_view()),
    *webhooks_urls.api_patterns,
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", landing_views.home, name="home"),
    path("", include("generations.urls")),
    path("", include("accounts.urls")),
    path("", include("accounts.team_urls")),
    path("", include("billing.urls")),
    path("", include("webhooks.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/login/", secure_admin_login(admin.site.login)),  # with limits and second factors
    path("admin/", admin.site.urls),
    path("api/v1/", include((api_patterns, "api"))),
    path("api/schema/", docs_views.schema, name="api_schema"),
    path("api/schema.yaml", docs_views.schema, {"kind": "yaml"}, name="api_schema_yaml"),
    path("api/client.mjs", docs_views.javascript_client, name="api_client"),
    path("api/docs/", docs_views.docs, name="api_docs"),
    path("problems/", problem_views.index, name="problems"),
    path("problems/<slug:code>", problem_views.problem, name="problem"),
    path("callbacks/pixazo/<uuid:generation_id>/<str:token>", callback_views.pixazo),
    path("callbacks/stripe", payment_event_views.stripe, name="stripe_events"),
    path("media/<str:token>/<str:file_name>", media_views.media, name="media"),
    path("uploads/<str:token>/<str:file_name>", media_views.upload, name="upload"),
    path("healthz", health.healthz),
    path("healthz/work", health.work),
    path("demo/mail/", demo_mail_views.inbox, name="demo_mail"),
    path("demo/mail/<slug:name>/", demo_mail_views.message, name="demo_mail_message"),
    path("demo/mail/<slug:name>/html", demo_mail_views.message_html, name="demo_mail_html"),
    path("", include("generations.pixazo_urls")),
]
handler404 = "pvideo_platform.problem_views.not_found"
handler500 = "pvideo_platform.problem_views.server_error"
handler403 = "pvideo_platform.problem_views.forbidden"
handler400 = "pvideo_platform.problem_views.bad_request"
