"""Which statements of a migration the running release could not live with. Text in, named facts out.

While a release is rolled out, the old and the new one work on the same tables. So a migration may only add; what
takes away or tightens is a release of its own, after the last one that needs it has gone. And nothing may hold a
lock for as long as a filled table is long. What is not known to be harmless is refused: SQL has more words than a list
of harmful ones could hold.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from toprope_kit.migrate.place import VERSION_TABLE

# Comments vanish; strings and bodies of functions stand for themselves, so that no word in them is taken for SQL.
TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<body>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)|(?P<string>'(?:[^']|'')*')"
    r'|(?P<name>"(?:[^"]|"")*"|[\w.]+(?:\."[^"]*")?)|(?P<sign>[^\s])',
    re.DOTALL,
)

COLUMN = r"ADD (?:COLUMN )?(?!CONSTRAINT |CHECK |FOREIGN |UNIQUE |PRIMARY |EXCLUDE )"
CONSTANT = r"(?:''|(?:- )?[\d.]+|TRUE|FALSE|NULL|NOW \( \)|CURRENT_TIMESTAMP|CURRENT_DATE)(?: |$)(?! ?[^:\w])"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One statement that must not run beside the running release, and why."""

    statement: str
    fact: str
    contracts: bool = False
    """Whether it only takes something away: harmless once nothing that runs uses that any more."""


@dataclass(frozen=True, slots=True)
class Known:
    """What stands in the database before the migration."""

    existing: frozenset[str]
    filled: frozenset[str]


def statements(ddl: str) -> Iterator[str]:
    """Each statement on one line, words in capitals, strings and bodies emptied."""
    words: list[str] = []
    for token in TOKEN.finditer(ddl):
        if token["sign"] == ";":
            if words:
                yield " ".join(words)
            words = []
        elif not token["comment"]:
            words.append("$$" if token["body"] else "''" if token["string"] else token[0].replace('"', "").upper())
    if words:
        yield " ".join(words)


def table_of(statement: str) -> str | None:
    """The table that an ALTER TABLE, CREATE INDEX, TRUNCATE, UPDATE or DELETE is about, in capitals."""
    found = re.match(
        r"(?:ALTER TABLE|TRUNCATE(?: TABLE)?|UPDATE|DELETE FROM)(?: IF EXISTS)?(?: ONLY)? (\S+)"
        r"|CREATE (?:UNIQUE )?INDEX .*? ?ON (?:ONLY )?(\S+)",
        statement,
    )
    return (found[1] or found[2]) if found else None


def touched(ddl: str) -> frozenset[str]:
    """Tables that stood before and that the DDL changes: of these it matters whether they are filled."""
    return frozenset(filter(None, map(table_of, statements(ddl)))) - created(ddl)


def created(ddl: str) -> frozenset[str]:
    """Tables that the DDL makes itself: nobody uses them yet."""
    made = (re.match(r"CREATE TABLE (?:IF NOT EXISTS )?(\S+)", statement) for statement in statements(ddl))
    return frozenset(found[1] for found in made if found)


def actions(statement: str) -> list[str]:
    """The actions of an ALTER TABLE, split at commas outside of brackets; else the statement itself."""
    found = re.match(r"ALTER TABLE(?: IF EXISTS)?(?: ONLY)? \S+ (.*)", statement)
    if not found:
        return [statement]
    parts, depth = [""], 0
    for word in found[1].split(" "):
        depth += (word == "(") - (word == ")")
        if word == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] = f"{parts[-1]} {word}".strip()
    return parts


def takes_away(action: str, filled: bool) -> str | None:
    """Anything that is dropped, but for a NOT NULL. A constraint, too: an ON CONFLICT may stand on it."""
    if re.match(r"DROP |TRUNCATE |ALTER \S+ .*DROP (?!NOT NULL)|ALTER COLUMN \S+ DROP DEFAULT", action):
        return "takes away what the running release may use; drop it in a later release"
    return None


def renames(action: str, filled: bool) -> str | None:
    """A name that the running release knows."""
    if re.search(r"\bRENAME\b|\bSET SCHEMA\b", action):
        return "renames what the running release calls by its old name; add the new one beside it"
    return None


def changes_type(action: str, filled: bool) -> str | None:
    """A column whose values the running release reads and writes."""
    if re.match(r"ALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE ", action):
        return "changes the type of a column that is in use; add a new column beside it"
    return None


def forbids_null(action: str, filled: bool) -> str | None:
    """A column that the running release leaves out of its INSERTs."""
    if re.match(r"ALTER (?:COLUMN )?\S+ SET NOT NULL", action):
        return "forbids a null that the running release may write; do it in a later release"
    if re.match(COLUMN, action) and "NOT NULL" in action and not re.search(r"\b(DEFAULT|GENERATED)\b", action):
        return "adds a column NOT NULL without a default: every INSERT of the running release would fail"
    return None


def rewrites(action: str, filled: bool) -> str | None:
    """A new column whose value each row has to be given."""
    if not filled or not (added := re.match(COLUMN + r"(.*)", action)):
        return None
    computed = re.search(r"\b(?:(?:BIG|SMALL)?SERIAL\d?|STORED|IDENTITY)\b", added[1])
    default = re.search(r"\bDEFAULT (.*)", added[1])
    if computed or (default and not re.match(CONSTANT, default[1])):
        return "rewrites a filled table under a lock; add the column without it and fill it in portions"
    return None


def changes_rows(action: str, filled: bool) -> str | None:
    """Rows that the running release reads and writes meanwhile, and as many as there are."""
    if filled and re.match(rf"(?:UPDATE|DELETE FROM) (?!(?:ONLY )?\w+\.{VERSION_TABLE}\b)", action, re.IGNORECASE):
        return "changes rows of a filled table in one transaction; let the new release do it in portions"
    return None


def blocks(action: str, filled: bool) -> str | None:
    """A lock held for as long as the table is long."""
    if not filled:
        return None
    if re.match(r"CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY )", action):
        return "builds an index in the foreground on a filled table: no write gets through meanwhile; use CONCURRENTLY"
    if re.match(r"ALTER (?:COLUMN )?\S+ SET NOT NULL", action):
        return "reads a filled table under a lock; a CHECK (… IS NOT NULL) NOT VALID, validated later, says the same"
    if re.match(r"ADD (?:CONSTRAINT |CHECK |FOREIGN |UNIQUE |PRIMARY |EXCLUDE )", action) and not re.search(
        r"NOT VALID|USING INDEX", action
    ):
        return "checks a filled table under a lock; add the constraint NOT VALID and validate it later"
    if re.match(COLUMN + r".*\b(?:UNIQUE|PRIMARY|REFERENCES|CHECK)\b", action):
        return "checks a filled table under a lock; add the constraint later, NOT VALID or USING INDEX"
    return None


def hides(action: str, filled: bool) -> str | None:
    """DDL that only shows itself when it runs."""
    return "is a DO block: what it does cannot be read beforehand" if action.startswith("DO ") else None


CONTRACTIONS: tuple[Callable[[str, bool], str | None], ...] = (takes_away, renames, forbids_null)
"""What a release of its own may do, once nothing that runs minds."""

FACTS = (*CONTRACTIONS, changes_type, rewrites, changes_rows, blocks, hides)

HARMLESS = re.compile(
    r"CREATE (?:OR REPLACE )?(?:TABLE|SCHEMA|SEQUENCE|TYPE|FUNCTION|TRIGGER|POLICY|VIEW|(?:UNIQUE )?INDEX) "
    r"|(?:BEGIN|COMMIT)$|SELECT |INSERT INTO |UPDATE |DELETE FROM |COMMENT ON |GRANT "
    r"|ALTER FUNCTION .*\) SET (?!SCHEMA )|ALTER TYPE \S+ ADD VALUE "
    r"|ADD |VALIDATE CONSTRAINT |SET \( "
    r"|ALTER (?:COLUMN )?\S+ (?:SET DEFAULT |DROP NOT NULL$|SET STATISTICS |SET \( )"
)
"""How a statement begins, or an action of an ALTER TABLE, that none of the facts above speaks against."""


UNKNOWN = "is not known to be harmless beside the running release; do it in a later one, or by hand"


def made_anew(statement: str, ddl: str) -> bool:
    """A trigger, policy or view that is dropped here is made again a few lines further on."""
    dropped = re.match(r"DROP (TRIGGER|POLICY|VIEW) (?:IF EXISTS )?(\S+)", statement)
    if not dropped:
        return False
    again = re.compile(rf"CREATE (?:OR REPLACE )?{dropped[1]} {re.escape(dropped[2])}\b")
    return any(again.match(other) for other in statements(ddl))


def refusals(ddl: str, known: Known) -> list[Refusal]:
    """Every statement that the running release could not live with, in order; empty when it may run beside it."""
    found = []
    for statement in statements(ddl):
        table = table_of(statement)
        if (table is not None and table not in known.existing) or made_anew(statement, ddl):
            continue
        for action in actions(statement):
            filled = table in known.filled
            facts = [Refusal(statement, said, fact in CONTRACTIONS) for fact in FACTS if (said := fact(action, filled))]
            found += facts or ([] if HARMLESS.match(action) else [Refusal(statement, UNKNOWN)])
    return found
