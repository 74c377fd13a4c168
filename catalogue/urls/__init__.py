"""The catalogue's addresses: reading, one record, and the workspace of its team."""

from catalogue.urls import reading, record, work

app_name = "catalogue"
urlpatterns = [*reading.urlpatterns, *record.urlpatterns, *work.urlpatterns]
