"""A hub team's own pages, and the page that answers an invitation to a team."""

from django.urls import path

from hubs.views.team import history, members, overview, profile, statements

#: Below the address of a hub.
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("confirm/", overview.confirm, name="confirm"),
    path("basics/", profile.basics, name="basics"),
    path("contacts/", profile.contacts, name="contacts"),
    path("statements/", statements.statements, name="statements"),
    path("statements/add/<slug:topic>/", statements.add, name="statement-add"),
    path("statements/<slug:uid>/", statements.change, name="statement"),
    path("statements/<slug:uid>/remove/", statements.remove, name="statement-remove"),
    path("statements/<slug:uid>/prefer/", statements.prefer, name="statement-prefer"),
    path("mix/", statements.mix, name="mix"),
    path("members/", members.members, name="members"),
    path("members/<int:pk>/role/", members.change_role, name="member-role"),
    path("members/<int:pk>/remove/", members.remove, name="member-remove"),
    path("members/<int:pk>/show/", members.show, name="member-show"),
    path(
        "members/invitations/<slug:uid>/take-back/",
        members.withdraw,
        name="invitation-take-back",
    ),
    path("history/", history.history, name="history"),
    path("history/<int:number>/", history.revision, name="revision"),
]
#: Of no hub's address: whoever is invited may not know the hub yet.
outside = [path("invitations/<slug:uid>/", members.invitation, name="invitation")]
