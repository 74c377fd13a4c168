"""The workspace: where a team writes its record."""

from django.urls import path

from catalogue.views import page, team, work

urlpatterns = [
    path("submit/", work.start, name="submit-start"),
    path("work/invitations/<int:pk>/", team.invitation, name="work-invitation"),
    path("work/<str:uid>/", work.overview, name="work"),
    path("work/<str:uid>/check/", work.check, name="work-check"),
    path("work/<str:uid>/submitted/<int:number>/", work.submitted, name="work-submitted"),
    path("work/<str:uid>/recall/", work.recall, name="work-recall"),
    path("work/<str:uid>/take-over/", page.take_over, name="work-take-over"),
    path("work/<str:uid>/similar/", page.similar, name="work-similar"),
    path("work/<str:uid>/team/", team.team, name="work-team"),
    path("work/<str:uid>/team/<int:pk>/leave/", team.leave, name="work-leave"),
    path(
        "work/<str:uid>/team/invitations/<int:pk>/withdraw/",
        team.withdraw_invitation,
        name="work-withdraw-invitation",
    ),
    path("work/<str:uid>/translations/", team.translations, name="work-translations"),
    path("work/<str:uid>/translations/<str:language>/", team.translation, name="work-translation"),
    path(
        "work/<str:uid>/translations/<str:language>/autosave/",
        team.translation_autosave,
        name="work-translation-autosave",
    ),
    path(
        "work/<str:uid>/translations/<str:language>/discard/",
        team.translation_discard,
        name="work-translation-discard",
    ),
    path("work/<str:uid>/<str:page>/", page.question, name="work-page"),
    path("work/<str:uid>/<str:page>/autosave/", page.autosave, name="work-autosave"),
    path("work/<str:uid>/<str:page>/discard/", page.discard, name="work-discard"),
]
