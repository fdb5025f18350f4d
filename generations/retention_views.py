"""The web's door to the retention of videos: part of an organization's settings."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.views import MemberRequest, member_page
from generations import retention, uploads


class RetentionForm(forms.Form):
    use_required_attribute = False
    days = forms.IntegerField(
        label="Remove videos after",
        required=False,
        min_value=1,
        max_value=retention.MOST_DAYS,
        help_text="Days. Empty: keep them for ever.",
        widget=forms.NumberInput(
            attrs={"class": "input", "inputmode": "numeric", "placeholder": "Keep for ever"}
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def media(request: MemberRequest) -> HttpResponse:
    """For how long videos are kept. A shorter time asks once more, saying how many go."""
    present = request.caller.organization.media_retention_days
    is_sent = request.method == "POST"
    if is_sent:
        request.caller.require_owner("change the retention of videos")
    form = RetentionForm(request.POST if is_sent else None, initial={"days": present})
    if is_sent and form.is_valid():
        days: int | None = form.cleaned_data["days"]
        confirmed = request.POST.get("confirmed") == str(days)
        if days is not None and retention.is_shorter(days, than=present) and not confirmed:
            count = retention.how_many_would_go(request.caller.organization_id, days=days)
            asked = {"days": days, "count": count}
            return render(request, "accounts/settings_media_shorter.html", asked)
        retention.keep_for(request.caller, days=days)
        messages.success(
            request,
            "Videos are kept for ever." if days is None else f"Videos are kept for {days} days.",
        )
        return redirect("settings_media")
    context = {
        "section": "media",
        "form": form,
        "days": present,
        "upload_days": uploads.kept_days(),
    }
    return render(request, "accounts/settings_media.html", context, status=422 if is_sent else 200)
