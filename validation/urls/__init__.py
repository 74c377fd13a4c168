from validation.urls import records, reviewing, team

app_name = "validation"
urlpatterns = [*reviewing.urlpatterns, *records.urlpatterns, *team.urlpatterns]
