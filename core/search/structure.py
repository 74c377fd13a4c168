"""What each engine keeps in the database beside the tables of the models.

The engine's rows are made *by the database* from the analysed columns of
``core_searchdocument``: triggers feed an FTS5 index on SQLite, a generated column holds the
vector on PostgreSQL. So they follow every write, cascade, flush and rollback, and cannot
drift from the documents.

A version is frozen once a migration has run it; a change is a new version with its own
migration. ``manage.py check_index --mend`` creates again what is missing: on SQLite, Django
alters a table by making it anew, which drops its triggers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

COLUMNS = (
    "title_words", "summary_words", "body_words", "title_stems", "summary_stems", "body_stems",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Structure:
    """Statements to create and to drop, and the names by which its parts are recognised."""

    create: tuple[str, ...]
    drop: tuple[str, ...]
    parts: frozenset[str]


_NEW = ", ".join(f"new.{column}" for column in COLUMNS)
_OLD = ", ".join(f"old.{column}" for column in COLUMNS)
_ALL = ", ".join(COLUMNS)
_FORGET = f"""INSERT INTO core_searchindex (core_searchindex, rowid, {_ALL})
    VALUES ('delete', old.id, {_OLD});"""  # noqa: S608 (constants)
_LEARN = f"INSERT INTO core_searchindex (rowid, {_ALL}) VALUES (new.id, {_NEW});"  # noqa: S608

SQLITE_1 = Structure(
    create=(
        # The "ascii" tokenizer splits our words at spaces and leaves every other alphabet
        # alone; "unicode61" would lose letters that are younger than its tables.
        f"""CREATE VIRTUAL TABLE IF NOT EXISTS core_searchindex USING fts5(
            {_ALL}, content='core_searchdocument', content_rowid='id', prefix='2 3',
            tokenize="ascii tokenchars '~'")""",
        f"""CREATE TRIGGER IF NOT EXISTS core_searchdocument_added
            AFTER INSERT ON core_searchdocument BEGIN {_LEARN} END""",
        f"""CREATE TRIGGER IF NOT EXISTS core_searchdocument_changed
            AFTER UPDATE OF {_ALL} ON core_searchdocument BEGIN {_FORGET} {_LEARN} END""",
        f"""CREATE TRIGGER IF NOT EXISTS core_searchdocument_removed
            AFTER DELETE ON core_searchdocument BEGIN {_FORGET} END""",
        # Spaces at the ends, so that the first and the last letters have trigrams of their own.
        """CREATE VIRTUAL TABLE IF NOT EXISTS core_searchtrigram USING fts5(
            padded, tokenize='trigram')""",
        """CREATE TRIGGER IF NOT EXISTS core_searchword_added
            AFTER INSERT ON core_searchword BEGIN
                INSERT INTO core_searchtrigram (rowid, padded)
                VALUES (new.id, '  ' || new.folded || ' ');
            END""",
        """CREATE TRIGGER IF NOT EXISTS core_searchword_removed
            AFTER DELETE ON core_searchword BEGIN
                DELETE FROM core_searchtrigram WHERE rowid = old.id;
            END""",
    ),
    drop=(
        "DROP TRIGGER IF EXISTS core_searchword_removed",
        "DROP TRIGGER IF EXISTS core_searchword_added",
        "DROP TABLE IF EXISTS core_searchtrigram",
        "DROP TRIGGER IF EXISTS core_searchdocument_removed",
        "DROP TRIGGER IF EXISTS core_searchdocument_changed",
        "DROP TRIGGER IF EXISTS core_searchdocument_added",
        "DROP TABLE IF EXISTS core_searchindex",
    ),
    parts=frozenset(
        {
            "core_searchindex",
            "core_searchdocument_added",
            "core_searchdocument_changed",
            "core_searchdocument_removed",
            "core_searchtrigram",
            "core_searchword_added",
            "core_searchword_removed",
        }
    ),
)


def _lexemes(column: str, label: str, offset: int) -> str:
    return (
        f"SELECT '''' || word || ''':' || (place + {offset}) || '{label}'"  # noqa: S608 (constants)
        f" FROM unnest(string_to_array({column}, ' ')) WITH ORDINALITY AS {column}(word, place)"
        " WHERE word NOT IN ('', '~')"
    )


# A stem has the position of its word; the fields are set apart, so that no phrase runs from
# one into the next. Positions end at 16,383: see the limits in ``documents``.
_VECTOR = " UNION ALL ".join(
    _lexemes(f"{field}_{form}", label, offset)
    for field, label, offset in (("title", "A", 0), ("summary", "B", 500), ("body", "D", 2000))
    for form in ("words", "stems")
)

# A short word has too few trigrams to share any with its misspelling ("mlik"): its neighbours
# begin alike, are about as long and have at most one letter that it lacks.
POSTGRES_NEIGHBOURS_BY_TRIGRAM = """
    CREATE OR REPLACE FUNCTION core_searchneighbours(asked text) RETURNS SETOF bigint
    LANGUAGE sql STABLE SET pg_trgm.similarity_threshold = 0.25 AS $function$
        (SELECT id FROM core_searchword WHERE folded % asked
            ORDER BY similarity(folded, asked) DESC, id LIMIT 60)
        UNION
        (SELECT id FROM core_searchword
            WHERE length(asked) < 6
            AND folded >= left(asked, 1) AND folded < left(asked, 1) || chr(1114111)
            AND length(folded) BETWEEN length(asked) - 1 AND length(asked) + 1
            AND length(translate(folded, asked, '')) <= 1
            ORDER BY length(translate(folded, asked, '')), uses DESC, id LIMIT 60)
    $function$"""
#: Without pg_trgm: words with the same two first letters and about the same length.
POSTGRES_NEIGHBOURS_BY_PREFIX = """
    CREATE OR REPLACE FUNCTION core_searchneighbours(asked text) RETURNS SETOF bigint
    LANGUAGE sql STABLE AS $function$
        SELECT id FROM core_searchword
        WHERE folded >= left(asked, 2) AND folded < left(asked, 2) || chr(1114111)
        AND length(folded) BETWEEN length(asked) - 2 AND length(asked) + 2
        ORDER BY uses DESC, id LIMIT 500
    $function$"""

POSTGRES_1 = Structure(
    create=(
        # Making the vectors of a large table takes longer than a page may.
        "SET LOCAL statement_timeout = 0",
        f"""CREATE OR REPLACE FUNCTION core_searchvector(
            title_words text, summary_words text, body_words text,
            title_stems text, summary_stems text, body_stems text
        ) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
            SELECT coalesce(string_agg(lexeme, ' '), '')::tsvector FROM ({_VECTOR}) AS found(lexeme)
        $function$""",  # noqa: S608 (constants)
        f"""ALTER TABLE core_searchdocument ADD COLUMN IF NOT EXISTS vector tsvector
            GENERATED ALWAYS AS (core_searchvector({_ALL})) STORED""",
        # Long columns leave the row early and the vector is kept uncompressed: the table
        # that is scanned for kinds and dates stays small, and ranking need not unpack.
        "ALTER TABLE core_searchdocument SET (toast_tuple_target = 128)",
        "ALTER TABLE core_searchdocument ALTER COLUMN vector SET STORAGE EXTERNAL",
        "ALTER TABLE core_searchdocument ALTER COLUMN title SET STORAGE MAIN",
        "ALTER TABLE core_searchdocument ALTER COLUMN title_sort SET STORAGE MAIN",
        # Counting a word again finds room beside it, and no index has to be told.
        "ALTER TABLE core_searchword SET (fillfactor = 75)",
        """CREATE INDEX IF NOT EXISTS core_searchdocument_vector ON core_searchdocument
            USING gin (vector) WITH (fastupdate = off)""",
        # For a frequent word the planner would rather read the whole table, and with it every
        # vector from where it is kept apart: thirty times slower than the index.
        """CREATE OR REPLACE FUNCTION core_searchmatch(asked tsquery) RETURNS SETOF bigint
            LANGUAGE sql STABLE SET enable_seqscan = off AS $function$
                SELECT id FROM core_searchdocument WHERE vector @@ asked
            $function$""",
        # Compared by code point, as on SQLite, whatever the locale of the database.
        'ALTER TABLE core_searchdocument ALTER COLUMN title_sort TYPE varchar(300) COLLATE "C"',
        'ALTER TABLE core_searchword ALTER COLUMN folded TYPE varchar(120) COLLATE "C"',
        # An extension needs a right that the portal's role may lack. The block undoes its own
        # half-done work and falls back, so that the migration runs everywhere.
        f"""DO $block$ BEGIN
            CREATE EXTENSION IF NOT EXISTS pg_trgm;
            CREATE INDEX IF NOT EXISTS core_searchword_trigram ON core_searchword
                USING gin (folded gin_trgm_ops);
            {POSTGRES_NEIGHBOURS_BY_TRIGRAM};
        EXCEPTION WHEN OTHERS THEN
            RAISE NOTICE 'pg_trgm is missing (%): typing errors are corrected by prefix', SQLERRM;
            {POSTGRES_NEIGHBOURS_BY_PREFIX};
        END $block$""",
    ),
    drop=(
        "DROP FUNCTION IF EXISTS core_searchneighbours(text)",
        "DROP FUNCTION IF EXISTS core_searchmatch(tsquery)",
        "DROP INDEX IF EXISTS core_searchword_trigram",
        "DROP INDEX IF EXISTS core_searchdocument_vector",
        "ALTER TABLE core_searchdocument DROP COLUMN IF EXISTS vector",
        "DROP FUNCTION IF EXISTS core_searchvector(text, text, text, text, text, text)",
        "ALTER TABLE core_searchword RESET (fillfactor)",
        "ALTER TABLE core_searchdocument RESET (toast_tuple_target)",
        """ALTER TABLE core_searchdocument
            ALTER COLUMN title_sort TYPE varchar(300) COLLATE "default" """,
        'ALTER TABLE core_searchword ALTER COLUMN folded TYPE varchar(120) COLLATE "default"',
    ),
    parts=frozenset(
        {
            "core_searchvector",
            "core_searchmatch",
            "core_searchneighbours",
            "vector",
            "core_searchdocument_vector",
        }
    ),
)

VERSION_1 = {"sqlite": SQLITE_1, "postgresql": POSTGRES_1}

# What changed and in which order: see ``SearchChange``. The database notes it itself, so nothing
# that alters a document can forget to.
_NOTED = "INSERT INTO core_searchchange (document, token, xid) VALUES ({row}.id, random(), 0);"
SQLITE_CHANGES = Structure(
    create=(
        f"""CREATE TRIGGER IF NOT EXISTS core_searchchange_added
            AFTER INSERT ON core_searchdocument BEGIN {_NOTED.format(row="new")} END""",
        f"""CREATE TRIGGER IF NOT EXISTS core_searchchange_changed
            AFTER UPDATE ON core_searchdocument BEGIN {_NOTED.format(row="new")} END""",
        f"""CREATE TRIGGER IF NOT EXISTS core_searchchange_removed
            AFTER DELETE ON core_searchdocument BEGIN {_NOTED.format(row="old")} END""",
    ),
    drop=(
        "DROP TRIGGER IF EXISTS core_searchchange_removed",
        "DROP TRIGGER IF EXISTS core_searchchange_changed",
        "DROP TRIGGER IF EXISTS core_searchchange_added",
    ),
    parts=frozenset(
        {"core_searchchange_added", "core_searchchange_changed", "core_searchchange_removed"}
    ),
)
POSTGRES_CHANGES = Structure(
    create=(
        # The number of the transaction tells which changes were not yet committed when somebody
        # looked: the numbers of rows are given before that.
        """CREATE OR REPLACE FUNCTION core_searchchanged() RETURNS trigger
            LANGUAGE plpgsql AS $function$ BEGIN
                INSERT INTO core_searchchange (document, token, xid) VALUES (
                    CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END,
                    (random() * 9007199254740992)::bigint,
                    pg_current_xact_id()::text::bigint);
                RETURN NULL;
            END $function$""",
        "DROP TRIGGER IF EXISTS core_searchchange_noted ON core_searchdocument",
        """CREATE TRIGGER core_searchchange_noted
            AFTER INSERT OR UPDATE OR DELETE ON core_searchdocument
            FOR EACH ROW EXECUTE FUNCTION core_searchchanged()""",
    ),
    drop=(
        "DROP TRIGGER IF EXISTS core_searchchange_noted ON core_searchdocument",
        "DROP FUNCTION IF EXISTS core_searchchanged()",
    ),
    parts=frozenset({"core_searchchanged", "core_searchchange_noted"}),
)
CHANGES = {"sqlite": SQLITE_CHANGES, "postgresql": POSTGRES_CHANGES}


def _together(one: Structure, other: Structure) -> Structure:
    return Structure(one.create + other.create, other.drop + one.drop, one.parts | other.parts)


CURRENT = {vendor: _together(VERSION_1[vendor], CHANGES[vendor]) for vendor in VERSION_1}

_PARTS_PRESENT = {
    "sqlite": "SELECT name FROM sqlite_master",
    "postgresql": """
        SELECT proname FROM pg_proc WHERE proname LIKE 'core_search%'
        UNION SELECT indexname FROM pg_indexes WHERE tablename = 'core_searchdocument'
        UNION SELECT tgname FROM pg_trigger WHERE tgrelid = 'core_searchdocument'::regclass
        UNION SELECT attname FROM pg_attribute
        WHERE attrelid = 'core_searchdocument'::regclass AND NOT attisdropped""",
}


def create(execute: Callable[[str], object], structure: Structure) -> None:
    """Run the statements; what is there already stays."""
    for statement in structure.create:
        execute(statement)


def drop(execute: Callable[[str], object], structure: Structure) -> None:
    for statement in structure.drop:
        execute(statement)


def missing() -> list[str]:
    """The names of the parts this database lacks."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS_PRESENT[connection.vendor])
        present = {name for (name,) in cursor.fetchall()}
    return sorted(CURRENT[connection.vendor].parts - present)


def restore() -> None:
    """Create what is missing."""
    with transaction.atomic(), connection.cursor() as cursor:
        create(cursor.execute, CURRENT[connection.vendor])
