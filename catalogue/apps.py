from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from core.audit import name_verbs


class CatalogueConfig(AppConfig):
    name = "catalogue"

    def ready(self) -> None:
        from catalogue import (  # noqa: PLC0415 (they register)
            criteria,
            letter_receivers,  # noqa: F401
            receivers,  # noqa: F401
            searched,  # noqa: F401
            waiting,  # noqa: F401
        )
        from catalogue.criteria_operations import VERBS as OF_CRITERIA  # noqa: PLC0415
        from catalogue.presentation import VERBS  # noqa: PLC0415 (models come first)

        name_verbs(VERBS)
        name_verbs(OF_CRITERIA)
        post_migrate.connect(criteria.ship, sender=self, dispatch_uid="ship-common-criteria")
