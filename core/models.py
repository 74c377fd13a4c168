"""Records every app may need: the audit, counters, what was searched for, jobs done once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import audit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise


class AuditEntry(models.Model):
    """One line of the permanent record: who did what to which object, when and why.

    The target is named, not linked, so that the record outlives what it describes and
    never blocks a deletion. Each line is a link of one chain (``core.audit``); the database
    refuses to delete it, and to change anything but what ``forget`` changes.
    """

    # One, two, three: its own numbers, given under the lock of the head. A sequence of the
    # database would leave gaps, and a gap must mean that somebody removed a line.
    sequence = models.BigIntegerField(_("number"), primary_key=True, db_column="id")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # "user:7", or what an alias stands for. It stays when the person goes.
    actor_ref = models.CharField(max_length=100, blank=True)
    actor_name = models.CharField(_("actor"), max_length=255)
    verb = models.CharField(_("verb"), max_length=64)
    target_type = models.CharField(max_length=100)
    target_id = models.CharField(max_length=64)
    target_label = models.CharField(_("target"), max_length=255)
    note = models.TextField(_("reason"), blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("time"), default=timezone.now, editable=False)
    # The seal covers the promises, not the names: a name goes together with its salt.
    actor_salt = models.CharField(max_length=32, blank=True)
    actor_promise = models.CharField(max_length=64)
    target_salt = models.CharField(max_length=32, blank=True)
    target_promise = models.CharField(max_length=64)
    previous = models.CharField(_("seal of the entry before"), max_length=64)
    seal = models.CharField(_("seal"), max_length=64)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["target_type", "target_id", "-created_at"], name="audit_by_target")
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.target_label}"

    @property
    def verb_in_words(self) -> StrOrPromise:
        return audit.verb_in_words(self.verb)

    @classmethod
    def record(
        cls,
        *,
        by: Any,
        verb: str,
        target: models.Model,
        note: str = "",
        alias: str = "",
        alias_ref: str = "",
        **data: Any,
    ) -> AuditEntry:
        """Write one line. Under an ``alias`` it names neither the person nor their account.

        From here to the end of the transaction nobody else writes a line. A transaction that
        changes rows others move, too, begins with ``AuditHead.hold()``.
        """
        with transaction.atomic(savepoint=False):
            return AuditHead.hold().append(
                by=by,
                verb=verb,
                target=target,
                note=note,
                alias=alias,
                alias_ref=alias_ref,
                data=data,
            )

    @classmethod
    def forget(cls, *, by: Any, person: models.Model, verb: str, name: str) -> AuditEntry:
        """Take a person's name out of every line, and record that under ``verb``.

        ``name`` stands in its place. Only what was forgotten by this may lack its salt.
        """
        target = {"target_type": person._meta.label_lower, "target_id": str(person.pk)}
        with transaction.atomic(savepoint=False):
            head = AuditHead.hold()
            cls.objects.filter(actor=person).update(actor_name=name, actor_salt="")
            cls.objects.filter(**target).update(target_label=name, target_salt="")
            return head.append(by=by, verb=verb, target=person, data={audit.FORGOTTEN_AS: name})

    @classmethod
    def of(cls, target: models.Model) -> models.QuerySet[AuditEntry]:
        """Everything recorded about one object, newest first."""
        return cls.objects.filter(
            target_type=target._meta.label_lower, target_id=str(target.pk)
        ).order_by("-created_at", "-pk")


class AuditHead(models.Model):
    """The end of the chain of audit entries: the number and the seal of the last one.

    The one row is also the lock under which entries are written. ``mac`` shows that this
    portal wrote it; the row that a cut chain would need cannot be made without the key.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField(default=0)
    seal = models.CharField(max_length=64, default=audit.GENESIS)
    mac = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_audit_head", condition=models.Q(pk=1)),
        ]

    def __str__(self) -> str:
        return f"{self.sequence}:{self.seal}"

    @classmethod
    def begin(cls) -> None:
        """Begin the chain, in an installation that has recorded nothing yet."""
        if not AuditEntry.objects.exists():
            head = AuditHead()
            head.mac = head.own_mac()
            AuditHead.objects.bulk_create([head], ignore_conflicts=True)

    @classmethod
    def hold(cls) -> AuditHead:
        """The end of the chain, for this transaction alone until it ends.

        A transaction that records takes this before it locks or changes any row, or it may
        wait for one that waits for it. It refuses to go on from an end that this portal did not
        write, since the next entry would cover up what happened to it.
        """
        head = cls.objects.select_for_update().filter(pk=1).first()
        if head is None or head.mac != head.own_mac():
            msg = "The end of the audit is missing or forged: run manage.py verify_audit."
            raise audit.AuditBroken(msg)
        return head

    @classmethod
    def renew(cls) -> None:
        """Seal the end with the present key, once it was verified under an earlier one."""
        with transaction.atomic():
            head = cls.objects.select_for_update().get(pk=1)
            head.mac = head.own_mac()
            head.save(update_fields=["mac"])

    def own_mac(self) -> str:
        return audit.seal_of_head(settings.AUDIT_KEY, self.sequence, self.seal)

    def append(
        self,
        *,
        by: Any,
        verb: str,
        target: models.Model,
        note: str = "",
        alias: str = "",
        alias_ref: str = "",
        data: Mapping[str, Any],
    ) -> AuditEntry:
        """Write the next entry and become its head. Only on a head that is held."""
        if alias_ref.startswith(audit.PERSON):
            msg = f"An alias does not refer to an account: {alias_ref!r}"
            raise ValueError(msg)
        actor_name, target_label = (alias or str(by))[:255], str(target)[:255]
        actor_salt, target_salt = audit.new_salt(), audit.new_salt()
        sealed: dict[str, Any] = {
            "sequence": self.sequence + 1,
            "previous": self.seal,
            "created_at": timezone.now(),
            "actor_ref": alias_ref if alias else audit.reference(by),
            "verb": verb,
            "target_type": target._meta.label_lower,
            "target_id": str(target.pk),
            "note": str(note),
            "data": audit.plain(data),
            "actor_promise": audit.promise(actor_salt, actor_name),
            "target_promise": audit.promise(target_salt, target_label),
        }
        entry = AuditEntry.objects.create(
            actor=None if alias else by,
            actor_name=actor_name,
            actor_salt=actor_salt,
            target_label=target_label,
            target_salt=target_salt,
            seal=audit.seal_of(settings.AUDIT_KEY, **sealed),
            **sealed,
        )
        self.sequence, self.seal = entry.sequence, entry.seal
        self.mac = self.own_mac()
        self.save(update_fields=["sequence", "seal", "mac"])
        return entry


class Counter(models.Model):
    """A named sequence without gaps under rollback, for numbers people quote."""

    name = models.CharField(max_length=64, primary_key=True)
    value = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"

    @classmethod
    def next(cls, name: str) -> int:
        """The next number. Call inside a transaction: the row stays locked until its end."""
        if not cls.objects.filter(name=name).update(value=F("value") + 1):
            try:
                with transaction.atomic():
                    cls.objects.create(name=name, value=1)
            except IntegrityError:
                cls.objects.filter(name=name).update(value=F("value") + 1)
        return cls.objects.values_list("value", flat=True).get(name=name)


class JobRun(models.Model):
    """A job done once per period: the unique row is the claim, so a doubled beat does nothing."""

    name = models.CharField(max_length=100)
    period = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "period"], name="job_once_per_period")
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.period}"

    @classmethod
    def claim(cls, name: str, period: str) -> bool:
        """Whether this caller is the first for that period."""
        try:
            with transaction.atomic():
                cls.objects.create(name=name, period=period)
        except IntegrityError:
            return False
        return True


class SearchDocument(models.Model):
    """What a visitor may find: one row for each public record of any kind.

    Written in the transaction that publishes the record, removed in the one that takes it
    down. So nothing private can be found, or counted, by way of search. ``title``,
    ``summary`` and ``body`` are plain text; ``*_words`` hold their folded words in order,
    ``*_stems`` the stems of the same words in the record's language ("es~capacit"). The
    engine's own rows are made from these six columns by the database itself
    (``core.search.structure``), so they can only be written through ``core.search``.
    """

    # What is sorted and filtered by comes before the long texts: SQLite reads a row from its
    # beginning, and a long one from page to page.
    kind = models.CharField(max_length=32)
    object_id = models.CharField(max_length=64)
    rank = models.SmallIntegerField(default=0)  # order among equals, highest first
    uptake = models.SmallIntegerField(default=0, db_default=0)  # in how many places it is used
    published_at = models.DateTimeField()
    title_sort = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=10)
    title = models.CharField(max_length=300)
    summary = models.TextField(blank=True)
    body = models.TextField(blank=True)
    title_words = models.TextField(blank=True)
    summary_words = models.TextField(blank=True)
    body_words = models.TextField(blank=True)
    title_stems = models.TextField(blank=True)
    summary_stems = models.TextField(blank=True)
    body_stems = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="found_once_per_record")
        ]
        indexes = [
            models.Index(fields=["kind", "-published_at", "id"], name="found_newest"),
            models.Index(fields=["kind", "-rank", "-published_at", "id"], name="found_best"),
            models.Index(fields=["kind", "title_sort", "id"], name="found_by_title"),
            models.Index(
                fields=["kind", "-uptake", "-rank", "-published_at", "id"], name="found_adopted"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class SearchFacet(models.Model):
    """One value by which a document can be filtered: ``("sector", "health")``.

    ``kind`` repeats the document's, so that values are counted from an index alone, by
    document or by value.
    """

    document = models.ForeignKey(
        SearchDocument, on_delete=models.CASCADE, related_name="facets", db_index=False
    )
    kind = models.CharField(max_length=32)
    group = models.CharField(max_length=16)
    value = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "kind", "group", "value"], name="facet_once_per_document"
            )
        ]
        indexes = [
            models.Index(fields=["kind", "group", "value", "document"], name="facet_documents")
        ]

    def __str__(self) -> str:
        return f"{self.group}:{self.value}"


class SearchChange(models.Model):
    """One change of a search document, noted by the database itself (``core.search.structure``).

    A process that counts over a snapshot reads here what has changed since it was made. ``token``
    is drawn at random, so that a snapshot is only used with the database it was made of.
    """

    seq = models.BigAutoField(primary_key=True)
    document = models.BigIntegerField()
    token = models.BigIntegerField()
    #: On PostgreSQL, the transaction that changed it; nought on SQLite, which has one at a time.
    xid = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["xid"], name="changed_by")]

    def __str__(self) -> str:
        return f"{self.seq}: {self.document}"


class SearchWord(models.Model):
    """The vocabulary: each word of each language as people write it, and its documents.

    It knows which stems exist, restores accents that were not typed, corrects typing errors
    and says how telling a word is. Words leave with the last document that has them.
    ``uses`` has no index, so that PostgreSQL can change it in place.
    """

    language = models.CharField(max_length=10)
    word = models.CharField(max_length=40)
    folded = models.CharField(max_length=120)
    stem = models.CharField(max_length=140)
    uses = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["language", "word"], name="word_once")]
        indexes = [
            models.Index(fields=["folded"], name="word_folded"),
            models.Index(fields=["stem"], name="word_stem"),
        ]

    def __str__(self) -> str:
        return self.word
