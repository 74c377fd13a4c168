from validation.urls import records, replay, reviewing, team

app_name = "validation"
urlpatterns = [*reviewing.urlpatterns, *records.urlpatterns, *team.urlpatterns, *replay.urlpatterns]
