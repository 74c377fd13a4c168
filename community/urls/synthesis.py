from __future__ import annotations

from django.urls import path

from community.views import outgrowths, synthesis, synthesis_writing

THEME = "themes/<slug:slug>/synthesis/"

urlpatterns = [
    path(THEME, synthesis.synthesis, name="synthesis"),
    path(f"{THEME}versions/<int:number>/", synthesis.synthesis_version, name="synthesis-version"),
    path(
        f"{THEME}versions/<int:number>/changes/",
        synthesis.synthesis_changes,
        name="synthesis-changes",
    ),
    path(f"{THEME}export/<slug:form>/", synthesis.synthesis_export, name="synthesis-export"),
    path(f"{THEME}edit/", synthesis_writing.synthesis_edit, name="synthesis-edit"),
    path(f"{THEME}edit/frame/", synthesis_writing.frame_edit, name="synthesis-frame"),
    path(f"{THEME}edit/preview/", synthesis_writing.preview, name="synthesis-preview"),
    path(f"{THEME}edit/conclusions/new/", synthesis_writing.conclusion_new, name="conclusion-new"),
    path(
        f"{THEME}edit/conclusions/<slug:uid>/",
        synthesis_writing.conclusion_edit,
        name="conclusion-edit",
    ),
    path(
        f"{THEME}edit/conclusions/<slug:uid>/move/",
        synthesis_writing.conclusion_move,
        name="conclusion-move",
    ),
    path(
        f"{THEME}edit/conclusions/<slug:uid>/take-out/",
        synthesis_writing.conclusion_take_out,
        name="conclusion-take-out",
    ),
    path("posts/<slug:uid>/insight/", synthesis_writing.insight_pick, name="insight-pick"),
    path("posts/<slug:uid>/insight/drop/", synthesis_writing.insight_drop, name="insight-drop"),
    path("discussions/<slug:uid>/summary/", synthesis_writing.summary, name="discussion-summary"),
    path("discussions/<slug:uid>/outgrow/<slug:what>/", outgrowths.outgrow, name="outgrow"),
]
