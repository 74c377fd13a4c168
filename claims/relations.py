"""What in the database points at references, found by looking, so that nothing is forgotten."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from claims.models import Reference


def citing_columns() -> list[tuple[type[models.Model], str]]:
    """Every column that names a reference: model and field. Tables of many-to-many relations
    count as models, and so do relations without a way back."""
    return [
        (model, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if field.remote_field is not None and field.remote_field.model is Reference
        if not model._meta.proxy
    ]
