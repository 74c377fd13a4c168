"""A hub's self-assessment and its road map, below the address of the hub."""

from django.urls import path

from assessment.views import answering, opening, overview, result, road, settling

app_name = "assessment"
urlpatterns = [
    path("<slug:slug>/assessment/", overview.hub, name="hub"),
    path("<slug:slug>/assessment/history.csv", overview.history_csv, name="history-csv"),
    path("<slug:slug>/assessment/start/", opening.start, name="start"),
    path("<slug:slug>/assessment/road-map/", road.road_map, name="road-map"),
    path("<slug:slug>/assessment/road-map/add/", road.add, name="step-add"),
    path("<slug:slug>/assessment/road-map/<slug:uid>/", road.step, name="step"),
    path("<slug:slug>/assessment/<slug:uid>/", result.result, name="result"),
    path("<slug:slug>/assessment/<slug:uid>/result.csv", result.result_csv, name="result-csv"),
    path("<slug:slug>/assessment/<slug:uid>/steps/", result.take, name="take"),
    path("<slug:slug>/assessment/<slug:uid>/mine/", answering.mine, name="mine"),
    path(
        "<slug:slug>/assessment/<slug:uid>/mine/<slug:dimension>/", answering.answer, name="answer"
    ),
    path(
        "<slug:slug>/assessment/<slug:uid>/differences/", settling.differences, name="differences"
    ),
    path(
        "<slug:slug>/assessment/<slug:uid>/differences/<slug:dimension>/",
        settling.settle,
        name="settle",
    ),
    path("<slug:slug>/assessment/<slug:uid>/people/<slug:sheet>/", opening.replace, name="replace"),
    path("<slug:slug>/assessment/<slug:uid>/drop/", opening.drop, name="drop"),
    path("<slug:slug>/assessment/<slug:uid>/sharing/", opening.sharing, name="sharing"),
]
