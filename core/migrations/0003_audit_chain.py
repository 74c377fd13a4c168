"""Make the audit a chain: seal what is there, oldest first, and number it without gaps.

The columns stay as they were for a portal that still runs the old version: it reads on,
and can record nothing until it is restarted. What is sealed and how is frozen here; today's
way stands in ``core.audit``, and a test holds them equal.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import secrets
from typing import Any

import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

BATCH = 500
SEALED = [
    "actor_ref",
    "actor_salt",
    "actor_promise",
    "target_salt",
    "target_promise",
    "previous",
    "seal",
]


def _text(facts: list[Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()


def _mac(facts: list[Any]) -> str:
    return hmac.digest(settings.AUDIT_KEY.encode(), _text(facts), "sha256").hex()


def _promise(salt: str, name: str) -> str:
    return hashlib.sha256(_text(["name", salt, name])).hexdigest()


def link(apps: Any, schema_editor: Any) -> None:
    entries = apps.get_model("core", "AuditEntry").objects.using(schema_editor.connection.alias)
    after, sequence, seal = 0, 0, "0" * 64
    while batch := list(entries.filter(pk__gt=after).order_by("pk")[:BATCH]):
        after = batch[-1].pk
        for entry in batch:
            sequence += 1
            entry.actor_ref = f"user:{entry.actor_id}" if entry.actor_id else ""
            entry.actor_salt, entry.target_salt = secrets.token_hex(16), secrets.token_hex(16)
            entry.actor_promise = _promise(entry.actor_salt, entry.actor_name)
            entry.target_promise = _promise(entry.target_salt, entry.target_label)
            entry.previous = seal
            entry.seal = seal = _mac(
                [
                    "entry",
                    sequence,
                    entry.previous,
                    entry.created_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
                    entry.actor_ref,
                    entry.verb,
                    entry.target_type,
                    entry.target_id,
                    entry.note,
                    entry.data,
                    entry.actor_promise,
                    entry.target_promise,
                ]
            )
            # A new number is never above the old one, so going upwards it is always free.
            entries.filter(pk=entry.pk).update(
                id=sequence, **{name: getattr(entry, name) for name in SEALED}
            )
    heads = apps.get_model("core", "AuditHead").objects.using(schema_editor.connection.alias)
    heads.create(sequence=sequence, seal=seal, mac=_mac(["head", sequence, seal]))


class Migration(migrations.Migration):
    dependencies = [("core", "0002_search")]

    operations = [
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, primary_key=True, serialize=False
                    ),
                ),
                ("sequence", models.BigIntegerField(default=0)),
                ("seal", models.CharField(default="0" * 64, max_length=64)),
                ("mac", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("pk", 1)), name="one_audit_head")
                ],
            },
        ),
        migrations.AlterField(
            "auditentry",
            "created_at",
            models.DateTimeField(
                default=django.utils.timezone.now, editable=False, verbose_name="time"
            ),
        ),
        migrations.AddField(
            "auditentry", "actor_ref", models.CharField(blank=True, default="", max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            "auditentry", "actor_salt", models.CharField(blank=True, default="", max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            "auditentry", "actor_promise", models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            "auditentry", "target_salt", models.CharField(blank=True, default="", max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            "auditentry", "target_promise", models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            "auditentry", "previous", models.CharField(
                default="", max_length=64, verbose_name="seal of the entry before"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "auditentry", "seal", models.CharField(
                default="", max_length=64, verbose_name="seal"
            ),
            preserve_default=False,
        ),
        migrations.RunPython(link, migrations.RunPython.noop),
    ]
