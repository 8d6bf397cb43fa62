"""Lets PyIceberg, DuckDB and ClickHouse read an exported warehouse; compares rows with ours.

    strangers.py DIR

DIR/warehouse/           the tables' files, which name each other under file://DIR/warehouse/
DIR/catalog.db           an SQLite catalog; without it each table's newest metadata file counts
DIR/expected/            <table>.<snapshot>.jsonl: an array a row, see UnionAnswer+JSONLines.swift

Ends with 1 if any reader finds other rows in any snapshot, or if there was nothing to compare.
"""

import base64
import datetime
import decimal
import glob
import json
import math
import os
import re
import site
import sqlite3
import struct
import sys

SYSTEM_COLUMNS = {"__bucket", "__offset", "__timestamp"}
EPOCH = datetime.datetime(1970, 1, 1)


def metadata_files(folder):
    """The metadata file of each table, by the table's name."""
    catalog = os.path.join(folder, "catalog.db")
    if os.path.exists(catalog):
        rows = sqlite3.connect(catalog).execute(
            "SELECT table_name, metadata_location FROM iceberg_tables"
        )
        return {name: location.removeprefix("file://") for name, location in rows}
    found = {}
    for path in sorted(glob.glob(f"{folder}/warehouse/*/*/metadata/*.metadata.json")):
        table = os.path.basename(os.path.dirname(os.path.dirname(path)))
        found[re.sub(r"-[0-9a-f]{8}$", "", table)] = path
    return found


def columns_of(path, snapshot):
    """Names and Iceberg types of a table's own columns, as a snapshot has them."""
    with open(path) as file:
        metadata = json.load(file)
    made_by = next(
        known.get("schema-id", metadata["current-schema-id"])
        for known in metadata["snapshots"]
        if known["snapshot-id"] == snapshot
    )
    schema = next(schema for schema in metadata["schemas"] if schema["schema-id"] == made_by)
    return [
        (field["name"], field["type"])
        for field in schema["fields"]
        if field["name"] not in SYSTEM_COLUMNS
    ]


def plain(value, kind):
    """A value as the expected rows have it."""
    if value is None:
        return None
    if isinstance(kind, dict):
        return [plain(element, kind["element"]) for element in value]
    if kind in ("timestamp", "timestamptz"):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return (value - EPOCH) // datetime.timedelta(microseconds=1)
    if kind == "date":
        return (value - EPOCH.date()).days
    if kind.startswith("decimal"):
        return str(value)
    if kind == "binary":
        return bytes(value).hex()
    if kind in ("float", "double"):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return float(value)
    return value


def with_pyiceberg(path, snapshot, columns, condition):
    from pyiceberg.expressions import AlwaysTrue, GreaterThanOrEqual
    from pyiceberg.table import StaticTable

    table = StaticTable.from_metadata("file://" + path)
    names = tuple(name for name, _ in columns)
    scan = table.scan(
        snapshot_id=snapshot, selected_fields=names,
        row_filter=GreaterThanOrEqual(*condition) if condition else AlwaysTrue(),
    )
    rows = scan.to_arrow().select(names)
    return zip(*(column.to_pylist() for column in rows.columns))


def standard(name):
    """A name as standard SQL writes it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def backquoted(name):
    """A name as ClickHouse writes it, whatever stands in it."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def at_least(condition, quoted):
    if condition is None:
        return "true"
    name, limit = condition
    literal = "'" + limit.replace("'", "''") + "'" if isinstance(limit, str) else limit
    return f"{quoted(name)} >= {literal}"


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

    def __call__(self, path, snapshot, columns, condition):
        # As microseconds, because instants come with a time zone that wants a package of its own.
        names = ", ".join(
            f"epoch_us({standard(name)})" if kind == "timestamptz" else standard(name)
            for name, kind in columns
        )
        query = (
            f"SELECT {names} FROM iceberg_scan('{path}', snapshot_from_id => {snapshot}) "
            f"WHERE {at_least(condition, standard)}"
        )
        for row in self.connection.execute(query).fetchall():
            yield [
                None
                if value is None
                else EPOCH + datetime.timedelta(microseconds=value)
                if kind == "timestamptz"
                else value
                for value, (_, kind) in zip(row, columns)
            ]


def with_clickhouse(path, snapshot, columns, condition):
    import chdb

    folder = os.path.dirname(os.path.dirname(path))
    names = []
    for plain_name, kind in columns:
        name = backquoted(plain_name)
        if kind == "binary":
            names.append(f"base64Encode({name}) AS {backquoted(plain_name + '_')}")
        elif kind in ("timestamp", "timestamptz"):
            names.append(f"toUnixTimestamp64Micro({name}) AS {backquoted(plain_name + '_')}")
        elif not isinstance(kind, dict) and kind.startswith("decimal"):
            names.append(f"toString({name}) AS {backquoted(plain_name + '_')}")
        else:
            names.append(name)
    answer = chdb.query(
        f"SELECT {', '.join(names)} FROM icebergLocal('{folder}') "
        f"WHERE {at_least(condition, backquoted)} SETTINGS iceberg_snapshot_id = {snapshot}, "
        "output_format_json_quote_64bit_integers = 0, "
        "output_format_json_quote_denormals = 1, date_time_output_format = 'iso', "
        "session_timezone = 'UTC'",
        "JSONCompactEachRow",
    )
    for line in str(answer).splitlines():
        # A negative zero is printed without a point.
        values = json.loads(line, parse_int=lambda text: -0.0 if text == "-0" else int(text))
        yield [from_clickhouse(value, kind) for value, (_, kind) in zip(values, columns)]


def from_clickhouse(value, kind):
    if value is None:
        return None
    if isinstance(kind, dict):
        # ClickHouse has no null arrays; a vector is never empty.
        return value or None
    if kind == "binary":
        return base64.b64decode(value)
    if kind in ("timestamp", "timestamptz"):
        return EPOCH + datetime.timedelta(microseconds=value)
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind.startswith("decimal"):
        scale = int(kind.rstrip(")").split(",")[1])
        return decimal.Decimal(value).quantize(decimal.Decimal(1).scaleb(-scale))
    if kind in ("float", "double") and isinstance(value, str):
        return float(value)
    return value


def comparable(rows):
    return sorted(json.dumps(row, ensure_ascii=True) for row in rows)


def rounded(row, columns):
    """Floats of 32 bits as some readers print them come back to the nearest ones."""

    def single(number):
        if not isinstance(number, (int, float)):
            return number
        return struct.unpack("f", struct.pack("f", number))[0]

    result = []
    for value, (_, kind) in zip(row, columns):
        if value is not None and kind == "float":
            value = single(value)
        elif value is not None and isinstance(kind, dict):
            value = [single(element) for element in value]
        elif value is not None and kind == "double" and isinstance(value, int):
            value = float(value)
        result.append(value)
    return result


def conditions(columns, expected):
    """All rows, then for each column whose bounds are written about half of them."""
    yield None, expected
    for position, (name, kind) in enumerate(columns):
        if kind not in ("int", "long", "string"):
            continue
        # PyIceberg 0.12 takes a dot in a name for a step into a struct when it filters.
        if "." in name:
            continue
        values = sorted(row[position] for row in expected if row[position] is not None)
        if not values:
            continue
        limit = values[len(values) // 2]
        if kind == "string" and not limit.isascii():
            continue
        yield (name, limit), [
            row for row in expected if row[position] is not None and row[position] >= limit
        ]


def compare(reader, path, snapshot, columns, condition, expected):
    """Empty if the reader finds the expected rows, else what it finds, in words."""
    try:
        rows = [
            [plain(value, kind) for value, (_, kind) in zip(row, columns)]
            for row in reader(path, snapshot, columns, condition)
        ]
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"
    found = comparable(rounded(row, columns) for row in rows)
    wanted = comparable(rounded(row, columns) for row in expected)
    if found == wanted:
        return ""
    strange = set(found) - set(wanted)
    missing = set(wanted) - set(found)
    detail = f"{len(found)} rows, {len(strange)} strange, {len(missing)} missing"
    if strange:
        detail += f"; such as {min(strange)[:200]}"
    if missing:
        detail += f"; not {min(missing)[:200]}"
    return detail


def main(folder):
    folder = os.path.realpath(folder)
    # ClickHouse reads files below the folder that it runs in only.
    os.chdir(folder)
    readers = {"PyIceberg": with_pyiceberg, "DuckDB": DuckDB(), "ClickHouse": with_clickhouse}
    metadata = metadata_files(folder)
    differences = []
    compared = 0

    def line(table, snapshot, rows, words):
        print(f"{table:<20}{snapshot:<22}{rows:>8}  " + "".join(f"{word:<12}" for word in words))

    line("table", "snapshot", "rows", readers)
    for path in sorted(glob.glob(f"{folder}/expected/*.jsonl")):
        table, snapshot, _ = os.path.basename(path).rsplit(".", 2)
        with open(path) as file:
            expected = [json.loads(text) for text in file]
        if table not in metadata:
            differences.append(f"{table}: there is no metadata of this table")
            continue
        columns = columns_of(metadata[table], int(snapshot))
        words = []
        for name, reader in readers.items():
            found = []
            for condition, wanted in conditions(columns, expected):
                word = compare(
                    reader, metadata[table], int(snapshot), columns, condition, wanted
                )
                if word:
                    place = f"{table} at snapshot {snapshot}"
                    found.append(f"{name}, {place}, {condition or 'all rows'}: {word}")
                compared += len(wanted)
            words.append("differs" if found else "same")
            differences += found
        line(table, snapshot, len(expected), words)
    for difference in differences:
        print(difference, file=sys.stderr)
    if compared == 0:
        print("strangers: there was nothing to compare", file=sys.stderr)
        return 1
    print(f"strangers: {compared} rows compared, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
