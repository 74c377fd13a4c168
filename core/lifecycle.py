"""State as data: one table of moves, one guarded way to make them.

The table of a model drives its methods, the buttons on its pages, the actions at the desk,
the tests and the diagrams in the documentation. A change of state is one conditional
``UPDATE … WHERE state = source``: whoever comes second changes nothing and is told so. That
holds on SQLite and PostgreSQL alike, with or without row locks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.models import AuditHead

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from core.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a table of moves: what it is called, from where, to where, who may."""

    label: StrOrPromise
    sources: tuple[str, ...]
    target: str
    permission: str


class Lifecycle(models.Model):
    """A model whose state changes only through its table of moves.

    ``state_field`` names the column that holds the state, for models whose axis has a
    better name than "state".
    """

    moves: ClassVar[Mapping[str, Move]] = {}
    state_field: ClassVar[str] = "state"

    class Meta:
        abstract = True

    @property
    def present_state(self) -> str:
        return str(getattr(self, self.state_field))

    def moves_for(self, user: Any) -> list[str]:
        """The verbs this person could use on this object now."""
        return [
            verb
            for verb, move in self.moves.items()
            if self.present_state in move.sources and user.has_perm(move.permission, self)
        ]

    def _make(
        self,
        verb: str,
        *,
        by: Any,
        note: str = "",
        alias: str = "",
        alias_ref: str = "",
        data: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> AuditEntry:
        """Make the move, or refuse; in one transaction with its audit row and its fact.

        ``changes`` are further columns of the object, ``data`` goes to the audit row alone.
        Under an ``alias`` that row names neither the person nor their account.
        """
        move, source = self.moves[verb], self.present_state
        if not by.has_perm(move.permission, self):
            raise PermissionDenied
        if source not in move.sources:
            raise DomainError(
                _("“%(object)s” cannot be changed this way from its present state.")
                % {"object": self},
                code="wrong-state",
            )
        with transaction.atomic():
            # Before the row itself: everybody who moves something waits in the same order.
            head = AuditHead.hold()
            won = (
                type(self)
                ._base_manager.filter(pk=self.pk, **{self.state_field: source})
                .update(**{self.state_field: move.target}, **changes)
            )
            if not won:
                raise DomainError(
                    _("Someone else changed “%(object)s” first. Load it again and look.")
                    % {"object": self},
                    code="stale",
                )
            entry = head.append(
                by=by,
                verb=verb,
                target=self,
                note=note,
                alias=alias,
                alias_ref=alias_ref,
                data={"source": source, "target_state": move.target, **(data or {})},
            )
            for name, value in {self.state_field: move.target, **changes}.items():
                setattr(self, name, value)
            self.announce(verb, by=by)
        return entry

    def announce(self, verb: str, *, by: Any) -> None:
        """Tell the layers above, inside the same transaction."""
