"""Pages of teams, invitations and an organization's settings; included at the root."""

from django.urls import path

from accounts import audit_views, invitation_views, settings_views, team_views

urlpatterns = [
    path("team/", team_views.members, name="team"),
    path("team/members/<int:membership_id>/", team_views.member, name="team_member"),
    path("team/members/<int:membership_id>/remove", team_views.remove, name="team_remove"),
    path("team/members/<int:membership_id>/transfer", team_views.transfer, name="team_transfer"),
    path("team/leave", team_views.leave, name="team_leave"),
    path(
        "team/invitations/<uuid:invitation_id>/resend",
        team_views.resend_invitation,
        name="team_resend",
    ),
    path(
        "team/invitations/<uuid:invitation_id>/revoke",
        team_views.revoke_invitation,
        name="team_revoke",
    ),
    path("invitations/<str:token>/", invitation_views.invitation, name="invitation"),
    path("settings/", settings_views.general, name="settings"),
    path("settings/notifications/", settings_views.notify, name="settings_notifications"),
    path("settings/audit/", audit_views.log, name="settings_audit"),
    path("settings/audit.csv", audit_views.log_csv, name="settings_audit_csv"),
    path("settings/delete/", settings_views.delete, name="settings_delete"),
    path("organizations/new", settings_views.new_organization, name="organization_new"),
]
