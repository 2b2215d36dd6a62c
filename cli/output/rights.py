"""What is said of the rights of a role in PostgreSQL."""

from collections.abc import Iterator

from rows.postgresql.rights import Rights

_SEE = "docs/postgresql.md"


def rights_lines(rights: Rights) -> Iterator[str]:
    """Nothing where all is well; what is missing, with the grants, and how far months are made."""
    if rights.missing:
        yield f"ERROR rights: role {rights.role} may not fold: {_grants(rights)} ({_SEE})"
    if rights.makes:
        return
    there = "this month has none"
    if rights.last:
        there = f"the last is that of {rights.last[0]:04}-{rights.last[1]:02}"
    advice = f"run footfall migrate as {rights.owner}"
    if rights.enough:
        yield (
            f"NOTE  months: role {rights.role} makes no tables, {there}: {advice} before ({_SEE})"
        )
    else:
        yield (
            f"ERROR months: role {rights.role} may not make the tables of the months to come, "
            f"{there}: {advice} ({_SEE})"
        )


def _grants(rights: Rights) -> str:
    """One statement for each set of tables."""
    by_tables: dict[tuple[str, ...], list[str]] = {}
    for right, tables in rights.missing.items():
        by_tables.setdefault(tuple(tables), []).append(right)
    return "; ".join(
        f"GRANT {', '.join(found)} ON "
        f"{', '.join(f'{rights.schema}.{table}' for table in tables)} TO {rights.role}"
        for tables, found in by_tables.items()
    )
