"""Writes to the lake of a served folder as other programs do, and reads it with ours and theirs.

    strangers-write.py DIR ROUND WAVETANK

DIR is a folder of `wavetank serve --data`, whose server has stopped. ROUND chooses what is done to
each table. Afterwards PyIceberg, DuckDB and `wavetank sql` must see the same rows.
"""

import datetime
import decimal
import glob
import json
import site
import subprocess
import sys

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
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

    def __call__(self, table, columns):
        names = ", ".join(
            f'CAST("{name}" AS TIMESTAMP)' if kind == "timestamptz" else f'"{name}"'
            for name, kind in columns
        )
        # By the folder alone: the version hint says which metadata is the newest.
        place = table.location().removeprefix("file://")
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


def expire(table):
    old = [snapshot.snapshot_id for snapshot in table.metadata.snapshots][:-3]
    named = {reference.snapshot_id for reference in table.metadata.refs.values()}
    old = [identifier for identifier in old if identifier not in named]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
    return f"{len(old)} snapshots expired"


ROUNDS = [[tag, describe], [append, add_column], [compact], [expire, append]]


def main(folder, number, command):
    catalog = SqlCatalog("wavetank", uri=f"sqlite:///{folder}/catalog.sqlite")
    duckdb = DuckDB()
    failures = 0
    for identifier in catalog.list_tables("wavetank"):
        name = identifier[-1]
        table = catalog.load_table(identifier)
        kept = {"tag": "stranger" in table.metadata.refs,
                "property": "stranger.owner" in table.properties,
                "column": "stranger_note" in {field.name for field in table.schema().fields}}
        for expected, after in (("tag", 1), ("property", 1), ("column", 2)):
            if number >= after and not kept[expected]:
                print(f"{name}: our commits lost the {expected} of a stranger")
                failures += 1
        done = []
        if number < len(ROUNDS) and table.current_snapshot() is not None:
            for act in ROUNDS[number]:
                done.append(act(table))
                table = catalog.load_table(identifier)
        columns = columns_of(table)
        theirs = rows(with_pyiceberg(table, columns), columns)
        answers = {"wavetank sql": rows(with_wavetank(command, folder, name, columns), columns)}
        if not done:
            # A commit of PyIceberg's leaves our version hint behind.
            answers["DuckDB"] = rows(duckdb(table, columns), columns)
        for reader, answer in answers.items():
            if answer != theirs:
                different = [pair for pair in zip(answer, theirs) if pair[0] != pair[1]][:2]
                print(f"{name}: {reader} sees {len(answer)} rows, "
                      f"PyIceberg {len(theirs)} {different}")
                failures += 1
        print(f"{name}: {len(theirs)} rows, the same for {', '.join(answers)} and PyIceberg; "
              f"strangers put {' and '.join(done) or 'nothing'} there")
    sys.exit(1 if failures else 0)


main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
