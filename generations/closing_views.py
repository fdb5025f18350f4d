"""The web's door to the end of an organization: part of its settings, for owners only."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.middleware import SESSION_KEY
from accounts.views import MemberRequest, member_page
from generations import closing


class ClosingForm(forms.Form):
    use_required_attribute = False
    name = forms.CharField(
        max_length=200,
        error_messages={"required": "Type the organization's name."},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def delete(request: MemberRequest) -> HttpResponse:
    """Tell what goes, ask for the name, and delete the organization."""
    caller = request.caller
    caller.require_owner("delete the organization")
    name = caller.organization.name
    is_sent = request.method == "POST"
    form = ClosingForm(request.POST if is_sent else None)
    form.fields["name"].label = f"Type “{name}” to confirm"
    obstacles = closing.obstacles(caller.organization_id)
    if is_sent and not obstacles and form.is_valid():
        try:
            closing.close(caller, typed_name=form.cleaned_data["name"])
        except closing.NameMistyped as error:
            form.add_error("name", error.message)
        except closing.CannotClose:
            obstacles = closing.obstacles(caller.organization_id)
        else:
            request.session.pop(SESSION_KEY, None)
            messages.success(request, f"{name} is deleted.")
            return redirect("studio")
    context = {
        "form": form,
        "obstacles": obstacles,
        "outlook": closing.outlook(caller.organization_id),
    }
    status = 200 if not is_sent else 409 if obstacles else 422
    return render(request, "accounts/settings_delete.html", context, status=status)
