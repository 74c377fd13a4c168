"""What the words of a record's JSON-LD mean. Each has an address on the page of the terms.

Words that schema.org gives a meaning already (``name``, ``url`` and so on) keep it; they are
listed where they stand, with what they say here.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

#: Groups of terms: the name of the group, and pairs of term and meaning.
TERMS = (
    (
        _("The record"),
        (
            (
                "ValidationRecord",
                _(
                    "A signed statement of this portal: one version of one solution, judged by "
                    "one set of criteria."
                ),
            ),
            (
                "number",
                _(
                    "The number of the record, like V-0042; in “version”, the number of the "
                    "version; in “reviewers”, how many there were."
                ),
            ),
            ("issuer", _("The portal that issued and signed the record.")),
            (
                "issued_at",
                _(
                    "The day it was issued, as midnight UTC. The hour is left out to protect "
                    "reviewers."
                ),
            ),
            ("expires_on", _("The last day on which the label is in force, in UTC.")),
            ("label", _("What was found: “validated” or “promising”.")),
            (
                "score",
                _(
                    "In the record: the sum from 0 to 100, weight × agreed score ÷ 4 over all "
                    "criteria. In a criterion: the agreed score from 0 to 4, null if too few "
                    "could judge it. Written as text, so that every program reads it alike."
                ),
            ),
            ("is_example", _("True for invented records that show how the portal works.")),
            (
                "kind",
                _(
                    "“first”: all criteria were judged. “renewal”: only what changed. “appeal”:"
                    " a new panel judged the same version."
                ),
            ),
            ("renews", _("The number of the record that this one follows, or null.")),
            ("clarification_rounds", _("How often the team was asked to clarify.")),
        ),
    ),
    (
        _("What was judged, and by what"),
        (
            ("solution", _("The solution: its number, title and address.")),
            ("reference", _("The number of the solution, like S-0042.")),
            (
                "title",
                _("The title, of the solution in the judged version or of an item of evidence."),
            ),
            (
                "version",
                _("The frozen version that was judged; in “criteria_set”, the edition of the set."),
            ),
            ("frozen_on", _("The day the version was frozen.")),
            (
                "content_sha256",
                _(
                    "The fingerprint of the public text of the version: SHA-256 of the "
                    "canonical form (RFC 8785) of a list with the text as its only item."
                ),
            ),
            (
                "whole_sha256",
                _(
                    "The fingerprint of the public text and of what only the panel could read, "
                    "together."
                ),
            ),
            ("criteria_set", _("The set of criteria in force on the day of submission.")),
            ("family", _("Whose criteria: “common” for those shared by all hubs.")),
            ("hub", _("The hub that asks for more than the common criteria, or null.")),
            ("sha256", _("The fingerprint of the set of criteria.")),
            ("dates", _("The days of the procedure.")),
            ("submitted_on", _("The day the version was submitted.")),
            ("opened_on", _("The day it went to the panel.")),
            ("decided_on", _("The day of the decision.")),
        ),
    ),
    (
        _("What was found"),
        (
            ("gates", _("The conditions of screening, with the answer and its reason.")),
            ("code", _("The short name of a gate or criterion in its set.")),
            ("passes", _("Whether the gate was passed.")),
            ("reason", _("Why: one or two sentences for readers.")),
            ("criteria", _("The criteria of the set, in its order, each with its agreed score.")),
            ("weight", _("How much the criterion counts; all weights together are 100.")),
            (
                "minimum",
                _(
                    "The least agreed score for the label “validated”, or null where the "
                    "criterion is not binding."
                ),
            ),
            ("reviews", _("How many reviews judged the criterion.")),
            (
                "changed_by_chair",
                _(
                    "Whether the chair set another score than the mean or median, inside the "
                    "range of the reviews and with a reason."
                ),
            ),
            (
                "carried_from",
                _(
                    "The number of the earlier record whose score stands here, or null if it "
                    "was judged for this one."
                ),
            ),
            (
                "evidence_strength",
                _(
                    "What the results rest on: E0 assertion, E1 own records, E2 external "
                    "review, E3 comparison study, E4 repeated in two or more contexts."
                ),
            ),
            ("evidence", _("The items of evidence of the version.")),
            ("ref", _("The number of an item of evidence in the version, like E2.")),
            ("access", _("“open”, or “restricted” to the team, the desk and the panel.")),
            (
                "check",
                _(
                    "What the panel found: unchecked, opened, confirmed with its author, could "
                    "not be confirmed, contradicted."
                ),
            ),
            ("checked_on", _("The day of the last check, or null.")),
            (
                "reviewers",
                _(
                    "How many judged, from which countries (ISO 3166-1), and the names of those"
                    " who agreed to be named."
                ),
            ),
            ("countries", _("Countries of the reviewers, each once, in alphabetical order.")),
            ("named", _("Reviewers who agreed to be named, in alphabetical order.")),
        ),
    ),
    (
        _("Proof"),
        (
            (
                "audit",
                _("Where the portal’s sealed list of all acts stood when the record was issued."),
            ),
            ("sequence", _("The number of the last entry of that list.")),
            ("seal", _("The seal of that entry.")),
            ("proof", _("The signature over everything else in the document.")),
            ("canonicalisation", _("How the document is written before it is signed: RFC 8785.")),
            ("key_id", _("The first 16 digits of the SHA-256 of the public key.")),
            (
                "public_key",
                _("The public key in base64. It shows which key was used, not whose it is."),
            ),
            ("signature", _("The Ed25519 signature in base64.")),
        ),
    ),
    (
        _("The list of states"),
        (
            ("ValidationStatusList", _("What became of every record ever issued, signed.")),
            ("next_update", _("After this moment, get a newer list.")),
            ("records", _("One entry for each record.")),
            ("state", _("in_force, suspended, expired, revoked or superseded.")),
            ("since", _("The day since which the record is in that state, as midnight UTC.")),
            ("note", _("The public note to a suspension or revocation.")),
        ),
    ),
)
