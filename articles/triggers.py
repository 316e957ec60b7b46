"""The history, held by the database itself, whoever asks: triggers on SQLite and PostgreSQL, built from the models.

Installed after every migration; `manage.py check --database default` fails while one is missing or not this release's.
`remove` is for a migration that alters one of these tables (`away`) and for the flush of a test database. No trigger
asks for the time.
"""

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.core.checks import Error
from django.db import connections, transaction
from django.db.models import UniqueConstraint

from . import content
from .models import (
    ArticlePicture,
    Blanking,
    Event,
    FormerSlug,
    Publication,
    PublicationByline,
    PublicationTopic,
    Review,
    Revision,
    Takedown,
    Waiver,
)
from .models.content import columns
from .models.kept import WORDS_GONE, a_row_of

PREFIX = "history_"


@dataclass(frozen=True)
class Way:
    """One way in which a stored row may still change: in `fields`, and in no others."""

    fields: tuple
    once: str = ""  # null before, and not afterwards
    becomes: dict = field(default_factory=dict)  # what these fields hold afterwards: words, "" or None
    typed_words_go: str = ""  # this JSON loses what somebody typed, says so, and keeps the rest


@dataclass(frozen=True)
class Held:
    model: type
    changes: str  # what whoever changes a row is told
    ways: tuple = ()
    overlaps: bool = False  # whether rows of a story have spans of time that must not overlap
    list_of: type | None = None  # whose list these rows are: it is written with it, and closed by its event

    @property
    def table(self):
        return self.model._meta.db_table

    def column(self, name):
        return f'"{self.model._meta.get_field(name).column}"'


def _blanked_version(**more):
    emptied = {name: value for name, value in columns(content.clean({})).items() if _is_typed(name)}
    emptied |= {"public_note": ""} | more
    return Way((*emptied, "blanked_at", "blanked_code"), once="blanked_at", becomes=emptied)


def _is_typed(column):
    return column.removesuffix("_id") not in content.OF_A_BLANK


HELD = (
    Held(
        Revision,
        "A revision stands as it was saved; blanking may empty its words, and nothing else changes.",
        (Way(("content",), becomes={"content": None}),),
    ),
    Held(
        Review,
        "A review is decided once; after that blanking may empty its comment and note, and nothing else changes.",
        (
            Way(("outcome", "decided_by", "decided_at", "comment"), once="outcome"),
            Way(("comment", "public_note"), becomes={"comment": "", "public_note": ""}),
            Way(("comment",), becomes={"comment": ""}),
        ),
    ),
    Held(
        Event,
        "An event stands as it happened; blanking may take typed words out of its data, and nothing else changes.",
        (Way(("data",), typed_words_go="data"),),
    ),
    Held(
        Publication,
        "A public version stands as it was signed; its end may move, and blanking may empty its words once.",
        (Way(("visible_until",)), _blanked_version(), _blanked_version(emergency_reason=WORDS_GONE)),
        overlaps=True,
    ),
    Held(
        PublicationByline,
        "The byline of a public version stands as it was signed; blanking may empty its roles.",
        (Way(("role",), becomes={"role": ""}),),
        list_of=Publication,
    ),
    Held(PublicationTopic, "The topics of a public version stand as they were signed.", list_of=Publication),
    Held(
        Takedown,
        "A takedown stands; it may be lifted once, blanking may remove its reason, and nothing else changes.",
        (Way(("lifted_by", "lifted_at"), once="lifted_at"), Way(("reason",), becomes={"reason": WORDS_GONE})),
    ),
    Held(
        Blanking,
        "A blanking is decided once, a later one may remove its reason, and nothing else about it changes.",
        (
            Way(("is_done", "decided_by", "decided_at"), once="is_done"),
            Way(("reason",), becomes={"reason": WORDS_GONE}),
        ),
    ),
    Held(FormerSlug, "A former address leads where it led for ever."),
    Held(
        Waiver,
        "A waiver stands; it may be lifted once, blanking may remove its reason, and nothing else changes.",
        (Way(("lifted_by", "lifted_at"), once="lifted_at"), Way(("reason",), becomes={"reason": WORDS_GONE})),
    ),
    Held(ArticlePicture, "A picture that was once in a story stays that story's."),
)


# --- What is refused, as SQL ----------------------------------------------------------------------------------------


class Dialect:
    """`refusals` are the conditions; how a database says them differs."""

    def refusals(self, held):
        """{"DELETE" | "UPDATE" | "INSERT": [(condition, words), …]}"""
        found = {
            "DELETE": [("1 = 1", f"{a_row_of(held.model)} is part of the history and is never deleted.")],
            "UPDATE": [(f"NOT ({self._allowed(held)})", held.changes)],
            "INSERT": [],
        }
        if held.overlaps:
            overlap = (_overlaps(held), "Two versions of a story would be public at the same time.")
            found["UPDATE"].append(overlap)
            found["INSERT"].append(overlap)
        if held.list_of:
            told = f"{held.changes} Its event is recorded, so nothing joins it any more."
            found["INSERT"].append((self._is_told(held), told))
        return found

    def _allowed(self, held):
        return " OR ".join(f"({self._goes(held, way)})" for way in held.ways) or "1 = 0"

    def _goes(self, held, way):
        free = {held.model._meta.get_field(name).column for name in way.fields}
        fixed = [f'"{each.column}"' for each in held.model._meta.concrete_fields if each.column not in free]
        terms = [self.same.format(column=column) for column in fixed]
        if way.once:
            terms.append(f"OLD.{held.column(way.once)} IS NULL AND NEW.{held.column(way.once)} IS NOT NULL")
        for name, value in way.becomes.items():
            terms.append(f"NEW.{held.column(name)} " + ("IS NULL" if value is None else f"= {_quoted(value)}"))
        if way.typed_words_go:
            terms.append(self._without_typed_words(held.column(way.typed_words_go)))
        return " AND ".join(terms)

    def _is_told(self, held):
        """Whether an event tells of the version that the new row is for: verbs record it when all else is written."""
        events, versions = Event._meta.db_table, held.list_of._meta.db_table
        return (
            f'EXISTS (SELECT 1 FROM "{events}" e JOIN "{versions}" p ON p."article_id" = e."article_id"'  # noqa: S608
            f' WHERE p."id" = NEW."publication_id" AND {self.tells_of_version})'
        )


def _overlaps(held):
    """Whether another version of the story is public within [from, until) of this one. An empty span never is."""
    begin, end = held.column("visible_from"), held.column("visible_until")
    mine, other = (f"({row}.{end} IS NULL OR {row}.{end} > {row}.{begin})" for row in ("NEW", "o"))
    return (
        f'{mine} AND EXISTS (SELECT 1 FROM "{held.table}" o WHERE o."article_id" = NEW."article_id"'  # noqa: S608
        f' AND o."version" <> NEW."version" AND {other} AND (o.{end} IS NULL OR NEW.{begin} < o.{end})'
        f" AND (NEW.{end} IS NULL OR o.{begin} < NEW.{end}))"
    )


def _keys(model):
    """What is unique in a table: (columns, the columns that have to be null for it)."""
    meta = model._meta
    yield [meta.pk.column], []
    unique = [(names, ()) for names in meta.unique_together]
    unique += [([field.name], ()) for field in meta.concrete_fields if field.unique and not field.primary_key]
    unique += [(it.fields, _null(it.condition)) for it in meta.constraints if isinstance(it, UniqueConstraint)]
    for names, nulls in unique:
        yield [meta.get_field(name).column for name in names], [meta.get_field(name).column for name in nulls]


def _null(condition):
    """The fields of a condition that they are all null, which is the only one that history's keys have."""
    asked = condition.children if condition else []
    if any(not lookup.endswith("__isnull") or value is not True for lookup, value in asked):
        raise ValueError(f"No trigger can tell yet what is unique under {condition}: teach `_null` to say it.")
    return [lookup.removesuffix("__isnull") for lookup, _ in asked]


def _is_taken(held, columns, nulls):
    same = [f'o."{column}" = NEW."{column}"' for column in columns]
    same += [f'o."{column}" IS NULL AND NEW."{column}" IS NULL' for column in nulls]
    return f'EXISTS (SELECT 1 FROM "{held.table}" o WHERE {" AND ".join(same)})'  # noqa: S608


def _quoted(words):
    return "'{}'".format(words.replace("'", "''"))


class SQLite(Dialect):
    """REPLACE asks triggers on DELETE only where `recursive_triggers` is on, so no row takes a key that is taken."""

    same = "OLD.{column} IS NEW.{column}"
    tells_of_version = """json_extract(e."data", '$.version') = p."version\""""

    def _without_typed_words(self, column):
        typed = ", ".join(f"'$.{name}'" for name in sorted(Event.TYPED))
        return f"json(NEW.{column}) = json_set(json_remove(OLD.{column}, {typed}), '$.blanked', json('true'))"

    def refusals(self, held):
        found = super().refusals(held)
        taken = f"{a_row_of(held.model)} with this unique key stands already and is not written over."
        found["INSERT"] += [(_is_taken(held, columns, open_by), taken) for columns, open_by in _keys(held.model)]
        return found

    def wanted(self, held):
        for act, refusals in self.refusals(held).items():
            if refusals:
                name = f"{PREFIX}{held.table}_{act.lower()}"
                raised = " ".join(f"SELECT RAISE(ABORT, {_quoted(words)}) WHERE {when};" for when, words in refusals)
                yield name, f'CREATE TRIGGER {name} BEFORE {act} ON "{held.table}" FOR EACH ROW BEGIN {raised} END'

    def installed(self, cursor):
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {name: text for name, text in cursor.fetchall() if name.startswith(PREFIX)}

    def creating(self, held):
        return [text for _, text in self.wanted(held)]

    def removing(self, cursor):
        return [f"DROP TRIGGER {name}" for name in self.installed(cursor)]


class PostgreSQL(Dialect):
    """A function per table, called for each row and before TRUNCATE."""

    same = "OLD.{column} IS NOT DISTINCT FROM NEW.{column}"
    tells_of_version = """e."data" -> 'version' = to_jsonb(p."version")"""

    def _without_typed_words(self, column):
        typed = ", ".join(f"'{name}'" for name in sorted(Event.TYPED))
        return f"""NEW.{column} = (OLD.{column} - ARRAY[{typed}]) || '{{"blanked": true}}'::jsonb"""

    def wanted(self, held):
        name, body = f"{PREFIX}{held.table}", self._body(held)
        return [(name, body), (f"{name}_truncate", body)]

    def _body(self, held):
        refusals = self.refusals(held)
        refusals["TRUNCATE"] = refusals["DELETE"]
        acts = "".join(
            f"IF TG_OP = '{act}' THEN\n{''.join(map(self._raise, found))}END IF;\n" for act, found in refusals.items()
        )
        return f"\nBEGIN\n{acts}RETURN NEW;\nEND\n"

    def _raise(self, refusal):
        when, words = refusal
        return (
            f"IF {when} THEN RAISE EXCEPTION USING MESSAGE = {_quoted(words)},"
            " ERRCODE = 'integrity_constraint_violation'; END IF;\n"
        )

    def installed(self, cursor):
        """Switched off counts as missing."""
        cursor.execute(
            "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND pg_table_is_visible(t.tgrelid)"
        )
        return {name: text for name, text in cursor.fetchall() if name.startswith(PREFIX)}

    def creating(self, held):
        name = f"{PREFIX}{held.table}"
        return [
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $held${self._body(held)}$held$",
            f'CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OR DELETE ON "{held.table}"'
            f" FOR EACH ROW EXECUTE FUNCTION {name}()",
            f'CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON "{held.table}"'
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        ]

    def removing(self, cursor):
        """What waits to be checked at the commit keeps its table from being altered, so it is checked first."""
        cursor.execute(
            "SELECT p.proname FROM pg_proc p WHERE p.prorettype = 'trigger'::regtype AND pg_function_is_visible(p.oid)"
        )
        ours = [f"DROP FUNCTION {name}() CASCADE" for (name,) in cursor.fetchall() if name.startswith(PREFIX)]
        return ["SET CONSTRAINTS ALL IMMEDIATE", *ours, "SET CONSTRAINTS ALL DEFERRED"] if ours else []


DIALECTS = {"sqlite": SQLite(), "postgresql": PostgreSQL()}


# --- Putting them there, taking them away, looking for them ---------------------------------------------------------


def install(connection):
    """Make the triggers of every table that stands as the models say. Again changes nothing."""
    dialect = DIALECTS[connection.vendor]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        standing = [held for held in HELD if _stand(connection, cursor, held)]
        if dialect.installed(cursor) == {name: text for held in standing for name, text in dialect.wanted(held)}:
            return
        remove(connection)
        for held in standing:
            for statement in dialect.creating(held):
                cursor.execute(statement)


def _stand(connection, cursor, held):
    """Whether all that the triggers of `held` speak of stands: SQLite alters nothing beside one it cannot read."""
    models = (held.model, held.list_of, Event) if held.list_of else (held.model,)
    return all(_stands(connection, cursor, model) for model in models)


def _stands(connection, cursor, model):
    """Whether the database has all of the model's columns: migrating backwards, it may not."""
    if model._meta.db_table not in connection.introspection.table_names(cursor):
        return False
    has = {each.name for each in connection.introspection.get_table_description(cursor, model._meta.db_table)}
    return {each.column for each in model._meta.concrete_fields} <= has


def remove(connection):
    """Take them all away, whatever release made them. Whoever does so puts them back with `install`."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in DIALECTS[connection.vendor].removing(cursor):
            cursor.execute(statement)


@contextmanager
def without(connection):
    """The block is done without them. An error in it undoes the block and puts them back."""
    with transaction.atomic(using=connection.alias):
        remove(connection)
        yield
        install(connection)


def away(apps, schema_editor):
    """`migrations.RunPython(triggers.away, triggers.away)` begins a migration that alters a table of history."""
    remove(schema_editor.connection)


def install_triggers(sender, using, **kwargs):
    install(connections[using])


def missing(connection):
    """The names of the triggers that are not there, or not as this release has them."""
    dialect = DIALECTS[connection.vendor]
    with connection.cursor() as cursor:
        found = dialect.installed(cursor)
    return [name for held in HELD for name, text in dialect.wanted(held) if found.get(name) != text]


def check_triggers(app_configs, databases, **kwargs):
    """For `check --database`. `migrate` asks it too before it does anything, and is what puts them there."""
    if sys.argv[1:2] == ["migrate"]:
        return []
    return [
        Error(
            f"Nothing holds the history in “{alias}”: triggers are missing or not this release's: {', '.join(names)}.",
            hint="Run `manage.py migrate`, which installs them, and then `manage.py verify_history`.",
            id="articles.E001",
        )
        for alias in databases or ()
        if (names := missing(connections[alias]))
    ]
