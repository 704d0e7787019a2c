"""edges, how far back a branch can be read, and pushes merged by the database.

Revision ID: 0002
Revises: 0001
"""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REGISTERS = {
    "birth": ("kind", "birth_parent"),
    "place": ("parent", "position"),
    "name": ("name",),
    "lead": ("lead",),
    "text": ("text",),
    "meta": ("meta",),
}
OWN_VALUES = {
    "kind": "j.birth->>'node_kind'",
    "birth_parent": "(j.birth->>'parent')::uuid",
    "parent": "(j.merged->>'parent')::uuid",
    "position": "coalesce(j.merged->>'position', '')",
    "name": "j.merged->>'name'",
    "lead": "j.merged->>'lead'",
    "text": "j.merged->>'text'",
    "meta": "j.merged->'meta'",
}
BLANKS = dict.fromkeys(("position", "name", "lead", "text"), "''") | {
    "kind": "NULL",
    "birth_parent": "NULL",
    "parent": "NULL",
    "meta": "'{}'",
}
"""What a register holds that nobody wrote."""
ZERO = ("0", "''", "0")
"""Its stamp."""
MARK_HEADS = """
    INSERT INTO landings (branch_id, number, version_vector, author, first_seq, last_seq, note)
    SELECT DISTINCT ON (branch_id) branch_id, number + 1, version_vector, 'migration', 1, 0,
        'edges were not kept before'
    FROM landings ORDER BY branch_id, number DESC
"""
FUNCTIONS = (
    "push_operations(uuid, integer, uuid, bigint, bigint, jsonb)",
    "close_push(uuid, text, bigint, bigint, bigint)",
    "unknown_nodes(uuid, text, bigint, bigint)",
    "merge_edges(uuid, text, bigint, bigint)",
    "merge_nodes(uuid, text, bigint, bigint)",
    "branch_chain(uuid)",
    "open_push(uuid, integer, uuid, bigint, bigint, bigint)",
    "lane_author(uuid, integer)",
    "hub_tag()",
    "branch_key(uuid)",
)


def upgrade() -> None:
    op.add_column("branches", sa.Column("scope", sa.Text(), nullable=True))
    op.add_column(
        "branches", sa.Column("horizon", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_table(
        "edges",
        sa.Column("branch_id", sa.UUID(), nullable=False),
        sa.Column("from_node", sa.UUID(), nullable=False),
        sa.Column("to_node", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("landing_from", sa.BigInteger(), nullable=False),
        sa.Column("landing_to", sa.BigInteger(), nullable=True),
        sa.Column("is_there", sa.Boolean(), nullable=False),
        sa.Column("lamport", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(collation="C"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "branch_id", "from_node", "to_node", "kind", "landing_from", name=op.f("pk_edges")
        ),
    )
    op.create_index("ix_edges_branch_id_to_node", "edges", ["branch_id", "to_node"], unique=False)
    op.create_index(
        "ix_edges_branch_id_landing_from", "edges", ["branch_id", "landing_from"], unique=False
    )
    for statement in _functions():
        op.execute(sa.DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]
    # What landed before has no edges, and would be taken to have them all: what an import or an
    # attempt landed is. So a tree is imported anew, and each branch goes on from a landing of
    # neither, after which the next one looks at the whole tree.
    op.execute("UPDATE branches SET digest = NULL")
    op.execute(MARK_HEADS)


def downgrade() -> None:
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP AGGREGATE payload_merge(jsonb)")
    op.drop_table("edges")
    op.drop_column("branches", "horizon")
    op.drop_column("branches", "scope")


def _functions() -> list[str]:
    """Return the statements of the file beside this one, what repeats by register filled in."""
    text = Path(__file__).with_name("0002_pushes.sql").read_text(encoding="utf-8")
    merges = [_merge(register, column) for register in REGISTERS for column in _columns(register)]
    lines = {
        ":columns": _each(lambda register: ", ".join(_columns(register))),
        ":own_stamps": _each("r.{0}_lamport AS own_{0}_lamport, r.{0}_seq AS own_{0}_seq"),
        ":landed": _each(lambda register: ", ".join(f"l.{each}" for each in _columns(register))),
        ":wins": _each(_wins_over_landed),
        ":joined": _each(_joined),
        ":reductions": _each(_reduction),
        ":merges": ",\n        ".join(merges),
    }
    for name in sorted(lines, key=len, reverse=True):
        text = text.replace(name, lines[name])
    return [f"CREATE {each}" for each in text.split("\nCREATE ")[1:]]


def _each(pattern: str | Callable[[str], str]) -> str:
    """Return a pattern filled in for each register."""
    return ",\n        ".join(
        pattern.format(each) if isinstance(pattern, str) else pattern(each) for each in REGISTERS
    )


def _wins_over_landed(register: str) -> str:
    """Return whether what a run says of a register wins over what landed, if anything did."""
    own = f"(r.{register}_lamport, of_author, r.{register}_seq)"
    landed = ", ".join(f"l.{each}" for each in _columns(register)[-3:])
    wins = f"coalesce({own} > ({landed}), r.{register}_seq IS NOT NULL)"
    if register == "birth":
        wins = f"r.birth_seq IS NOT NULL AND (l.kind IS NULL OR {own} < ({landed}))"
    return f"{wins} AS {register}_wins"


def _joined(register: str) -> str:
    """Return the columns of a register, each from where it wins."""
    columns = _columns(register)
    own = [*(OWN_VALUES[each] for each in columns[:-3])]
    own += [f"j.own_{register}_lamport", "of_author", f"j.own_{register}_seq"]
    landed = [f"coalesce(j.{each}, {BLANKS[each]})" for each in columns[:-3]]
    landed += [f"coalesce(j.{each}, {zero})" for each, zero in zip(columns[-3:], ZERO, strict=True)]
    return ", ".join(
        f"CASE WHEN j.{register}_wins THEN {left} ELSE {right} END"
        for left, right in zip(own, landed, strict=True)
    )


def _reduction(register: str) -> str:
    """Return which operation of a run wrote a register last; for the birth, which did first."""
    function = "min" if register == "birth" else "max"
    key = REGISTERS[register][0]
    condition = "o.kind = 'node_insert'" if register == "birth" else f"o.payload ? '{key}'"
    return ", ".join(
        f"{function}(o.{column}) FILTER (WHERE {condition}) AS {register}_{name}"
        for column, name in (("lamport", "lamport"), ("author_seq", "seq"))
    )


def _columns(register: str) -> tuple[str, ...]:
    stamps = (f"{register}_lamport", f"{register}_author", f"{register}_seq")
    return REGISTERS[register] + stamps


def _merge(register: str, column: str) -> str:
    """Return the assignment that takes a column of the row whose stamp of the register wins."""
    stamps = _columns(register)[-3:]
    old, new = (", ".join(f"{row}.{each}" for each in stamps) for row in ("n", "excluded"))
    wins = f"({new}) > ({old})"
    if register == "birth":
        wins = f"excluded.kind IS NOT NULL AND (n.kind IS NULL OR ({new}) < ({old}))"
    return f"{column} = CASE WHEN {wins} THEN excluded.{column} ELSE n.{column} END"
