"""Writes to the lake of a served folder as other programs do, and reads it with ours and theirs.

    strangers-write.py DIR ROUND WAVETANK

DIR is a folder of `wavetank serve --data`, whose server has stopped. ROUND chooses what is done to
each table. Afterwards PyIceberg, DuckDB and `wavetank sql` must see the same rows.
"""

import datetime
import decimal
import glob
import json
import pathlib
import site
import subprocess
import sys

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo, In
from pyiceberg.types import StringType


def shown(value, kind):
    """A value as `wavetank sql` writes it."""
    if value is None or value != value:
        return None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, decimal.Decimal):
        precision, scale = (int(part) for part in kind[8:-1].split(","))
        if scale == 0 and precision <= 18:
            return int(value)
        return float(value) if precision <= 15 else str(value)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        text = value.strftime("%Y-%m-%d %H:%M:%S")
        return text + f".{value.microsecond:06}".rstrip("0") if value.microsecond else text
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, dict)):
        return None
    return value


def rows(values, columns):
    """Rows that compare, whatever their order."""
    shaped = [
        tuple(shown(value, kind) for value, (_, kind) in zip(row, columns)) for row in values
    ]
    return sorted(json.dumps(row) for row in shaped)


def columns_of(table):
    kinds = [(field.name, str(field.field_type)) for field in table.schema().fields]
    # Reals of four bytes and nested values are written in ways of each program's own.
    return [(name, kind) for name, kind in kinds if "<" not in kind and kind != "float"]


def with_pyiceberg(table, columns):
    found = table.scan(selected_fields=tuple(name for name, _ in columns)).to_arrow()
    return zip(*(found.column(name).to_pylist() for name, _ in columns))


class DuckDB:
    def __init__(self):
        import duckdb

        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        pattern = "duckdb_extension_*/**/*.duckdb_extension"
        places = [
            path
            for folder in site.getsitepackages()
            for path in glob.glob(f"{folder}/{pattern}", recursive=True)
        ]
        for name in ("avro", "iceberg"):
            path = next(place for place in places if place.endswith(f"/{name}.duckdb_extension"))
            self.connection.execute(f"LOAD '{path}'")

    def __call__(self, table, columns, place):
        names = ", ".join(
            f'CAST("{name}" AS TIMESTAMP)' if kind == "timestamptz" else f'"{name}"'
            for name, kind in columns
        )
        return self.connection.execute(f"SELECT {names} FROM iceberg_scan('{place}')").fetchall()


def with_wavetank(command, folder, name, columns):
    names = ", ".join(f'"{column}"' for column, _ in columns)
    text = subprocess.run(
        [command, "sql", "--data", folder, "--format", "jsonl", f'SELECT {names} FROM "{name}"'],
        check=True, capture_output=True, text=True,
    ).stdout
    return [tuple(json.loads(line).values()) for line in text.splitlines()]


def tag(table):
    table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, "stranger").commit()
    return "a tag"


def describe(table):
    with table.transaction() as change:
        change.set_properties({"stranger.owner": "somebody"})
    return "a property"


def add_column(table):
    with table.update_schema() as change:
        change.add_column("stranger_note", StringType())
    return "a column"


def append(table):
    found = table.scan(limit=3).to_arrow()
    if found.num_rows == 0:
        return "nothing, for it is empty"
    table.append(found.cast(table.schema().as_arrow()))
    return f"{found.num_rows} rows"


def compact(table):
    table.overwrite(table.scan().to_arrow().cast(table.schema().as_arrow()))
    return "all rows over again"


def delete(table):
    """Rows that one equality finds; PyIceberg rewrites the files that have them."""
    column = table.schema().fields[0].name
    found = table.scan(selected_fields=(column,), limit=1).to_arrow()
    if found.num_rows == 0:
        return "no deletion, for it is empty"
    table.delete(EqualTo(column, found.column(column)[0].as_py()))
    return "a deletion"


def update(table):
    """The first rows once more, with another value in a column of text that is no key."""
    keys = set(table.schema().identifier_field_ids)
    found = table.scan().to_arrow()
    names = [
        field.name for field in table.schema().fields
        if isinstance(field.field_type, StringType) and field.field_id not in keys
        and not field.name.startswith("stranger")
    ]
    if found.num_rows == 0 or not names or not keys:
        return "no update"
    name = names[0]
    old = found.column(name).to_pylist()[:5]
    changed = pyarrow.array([f"{value} of a stranger" for value in old])
    part = found.slice(0, 5)
    part = part.set_column(part.schema.get_field_index(name), name, changed)
    key = table.schema().find_column_name(next(iter(keys)))
    table.overwrite(
        part.cast(table.schema().as_arrow()), In(key, part.column(key).to_pylist()))
    return "an update"


def rename_column(table):
    with table.update_schema() as change:
        change.rename_column("stranger_note", "stranger_remark")
    return "a renamed column"


def partition(table):
    with table.update_spec() as change:
        change.add_field(table.schema().fields[0].name, "identity", "stranger_part")
    return "a partition spec"


def branch(table):
    table.manage_snapshots().create_branch(
        table.current_snapshot().snapshot_id, "stranger-branch").commit()
    return "a branch"


def roll_back(table):
    parent = table.current_snapshot().parent_snapshot_id
    if parent is None or table.snapshot_by_id(parent) is None:
        return "no rollback"
    table.manage_snapshots().rollback_to_snapshot(parent).commit()
    return "a rollback"


def expire(table):
    old = [snapshot.snapshot_id for snapshot in table.metadata.snapshots][:-3]
    named = {reference.snapshot_id for reference in table.metadata.refs.values()}
    old = [identifier for identifier in old if identifier not in named]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
    return f"{len(old)} snapshots expired"


ROUNDS = [
    [tag, describe], [append, add_column], [compact], [delete, branch], [update, rename_column],
    [roll_back], [partition, append], [expire, append],
]


def main(folder, number, command):
    catalog = SqlCatalog("wavetank", uri=f"sqlite:///{folder}/catalog.sqlite")
    duckdb = DuckDB()
    failures = 0
    # What strangers put into each table so far: it must be there still.
    notes = pathlib.Path(folder, "strangers.json")
    put = json.loads(notes.read_text()) if notes.exists() else {}
    for identifier in catalog.list_tables("wavetank"):
        name = identifier[-1]
        table = catalog.load_table(identifier)
        kept = {"tag": "stranger" in table.metadata.refs,
                "property": "stranger.owner" in table.properties,
                "branch": "stranger-branch" in table.metadata.refs,
                "column": not {"stranger_note", "stranger_remark"}.isdisjoint(
                    field.name for field in table.schema().fields),
                "partition spec": any(
                    field.name == "stranger_part" for spec in table.metadata.partition_specs
                    for field in spec.fields)}
        for expected in put.get(name, []):
            if not kept.get(expected, True):
                print(f"{name}: our commits lost the {expected} of a stranger")
                failures += 1
        done = []
        if number < len(ROUNDS) and table.current_snapshot() is not None:
            for act in ROUNDS[number]:
                done.append(act(table))
                put.setdefault(name, []).append(done[-1].removeprefix("a "))
                table = catalog.load_table(identifier)
        columns = columns_of(table)
        theirs = rows(with_pyiceberg(table, columns), columns)
        answers = {"wavetank sql": rows(with_wavetank(command, folder, name, columns), columns)}
        if table.current_snapshot() is not None:
            place = table.metadata_location.removeprefix("file://")
            answers["DuckDB"] = rows(duckdb(table, columns, place), columns)
        if not done and table.current_snapshot() is not None:
            # By the folder alone: our version hint says which metadata is the newest. A commit of
            # PyIceberg's leaves it behind.
            place = table.location().removeprefix("file://")
            answers["DuckDB by folder"] = rows(duckdb(table, columns, place), columns)
        for reader, answer in answers.items():
            if answer != theirs:
                different = [pair for pair in zip(answer, theirs) if pair[0] != pair[1]][:2]
                print(f"{name}: {reader} sees {len(answer)} rows, "
                      f"PyIceberg {len(theirs)} {different}")
                failures += 1
        print(f"{name}: {len(theirs)} rows, the same for {', '.join(answers)} and PyIceberg; "
              f"strangers put {' and '.join(done) or 'nothing'} there")
    notes.write_text(json.dumps(put))
    sys.exit(1 if failures else 0)


main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
