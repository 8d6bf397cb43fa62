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
import uuid

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


def metadata_of(path):
    with open(path) as file:
        return json.load(file)


def columns_of(metadata, snapshot):
    """Names, types and ids of a table's own columns, as a snapshot has them.

    A time or timestamp of less than microseconds says its digits, as `time(3)`, by which the
    expected rows count it."""
    made_by = next(
        known.get("schema-id", metadata["current-schema-id"])
        for known in metadata["snapshots"]
        if known["snapshot-id"] == snapshot
    )
    schema = next(schema for schema in metadata["schemas"] if schema["schema-id"] == made_by)
    said = metadata["properties"].get("wavetank.types", "")
    exact = {
        int(entry.split("=")[0]): entry.split("=")[1] for entry in said.split(";") if entry
    }
    return [
        (field["name"], exactly(field["id"], field["type"], exact), field["id"])
        for field in schema["fields"]
        if field["name"] not in SYSTEM_COLUMNS
    ]


def exactly(identifier, kind, exact):
    """A type with the digits of its times, at any depth."""
    if not isinstance(kind, dict):
        digits = re.fullmatch(r"(time|timestamp)(_ltz)?\(([0-5])\)", exact.get(identifier, ""))
        return f"{kind}({digits[3]})" if digits else kind
    kind = dict(kind)
    if kind["type"] == "struct":
        kind["fields"] = [
            dict(field, type=exactly(field["id"], field["type"], exact))
            for field in kind["fields"]
        ]
    elif kind["type"] == "map":
        kind["key"] = exactly(kind["key-id"], kind["key"], exact)
        kind["value"] = exactly(kind["value-id"], kind["value"], exact)
    else:
        kind["element"] = exactly(kind["element-id"], kind["element"], exact)
    return kind


def base(kind):
    """The name of a type that does not nest, without the digits of its times."""
    return kind if isinstance(kind, dict) else re.sub(r"^(time\w*)\(\d\)$", r"\1", kind)


def unit(kind):
    """How many microseconds an expected time counts by."""
    digits = re.search(r"^time\w*\((\d)\)$", kind)
    if digits is None:
        return 1
    # Seconds, milliseconds, microseconds.
    return 10 ** (6 - (int(digits[1]) + 2) // 3 * 3)


def plain(value, kind):
    """A value as the expected rows have it."""
    if value is None:
        return None
    if isinstance(kind, dict):
        if kind["type"] == "struct":
            return [plain(value[field["name"]], field["type"]) for field in kind["fields"]]
        if kind["type"] == "map":
            entries = value.items() if isinstance(value, dict) else value
            pairs = [
                [plain(key, kind["key"]), plain(held, kind["value"])] for key, held in entries
            ]
            return sorted(pairs, key=json.dumps)
        return [plain(element, kind["element"]) for element in value]
    if base(kind) in ("timestamp", "timestamptz"):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return (value - EPOCH) // datetime.timedelta(microseconds=1) // unit(kind)
    if base(kind) == "time":
        moment = (value.hour * 60 + value.minute) * 60 + value.second
        return (moment * 1_000_000 + value.microsecond) // unit(kind)
    if kind == "date":
        return (value - EPOCH.date()).days
    if kind == "uuid":
        return str(uuid.UUID(bytes=value) if isinstance(value, bytes) else value)
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
    names = tuple(name for name, _, _ in columns)
    rows = planned(path, snapshot, names, condition).to_arrow().select(names)
    return zip(*(column.to_pylist() for column in rows.columns))


def planned(path, snapshot, names, condition):
    from pyiceberg.expressions import AlwaysTrue, EqualTo, GreaterThanOrEqual
    from pyiceberg.table import StaticTable

    table = StaticTable.from_metadata("file://" + path)
    kinds = {">=": GreaterThanOrEqual, "=": EqualTo}
    return table.scan(
        snapshot_id=snapshot, selected_fields=names,
        row_filter=kinds[condition[1]](condition[0], condition[2]) if condition else AlwaysTrue(),
    )


def standard(name):
    """A name as standard SQL writes it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def backquoted(name):
    """A name as ClickHouse writes it, whatever stands in it."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def where(condition, quoted):
    if condition is None:
        return "true"
    name, comparator, limit = condition
    literal = "'" + limit.replace("'", "''") + "'" if isinstance(limit, str) else limit
    return f"{quoted(name)} {comparator} {literal}"


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
            f"epoch_us({standard(name)})" if base(kind) == "timestamptz" else standard(name)
            for name, kind, _ in columns
        )
        query = (
            f"SELECT {names} FROM iceberg_scan('{path}', snapshot_from_id => {snapshot}) "
            f"WHERE {where(condition, standard)}"
        )
        for row in self.connection.execute(query).fetchall():
            yield [
                None
                if value is None
                else EPOCH + datetime.timedelta(microseconds=value)
                if base(kind) == "timestamptz"
                else value
                for value, (_, kind, _) in zip(row, columns)
            ]


def with_clickhouse(path, snapshot, columns, condition):
    import chdb

    folder = os.path.dirname(os.path.dirname(path))
    names = []
    for plain_name, kind, _ in columns:
        name = backquoted(plain_name)
        kind = base(kind)
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
        f"WHERE {where(condition, backquoted)} SETTINGS iceberg_snapshot_id = {snapshot}, "
        "output_format_json_quote_64bit_integers = 0, "
        "output_format_json_quote_denormals = 1, date_time_output_format = 'iso', "
        "session_timezone = 'UTC'",
        "JSONCompactEachRow",
    )
    for line in str(answer).splitlines():
        # A negative zero is printed without a point.
        values = json.loads(line, parse_int=lambda text: -0.0 if text == "-0" else int(text))
        yield [from_clickhouse(value, base(kind)) for value, (_, kind, _) in zip(values, columns)]


def from_clickhouse(value, kind):
    if value is None:
        return None
    if isinstance(kind, dict):
        return value
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


def blurred(row, columns):
    """A row as ClickHouse has it, which knows no null of a type that nests: an empty one, or a
    struct of nulls, stands for it."""

    def known(value, kind):
        if not isinstance(kind, dict) or not value:
            return None if isinstance(kind, dict) else value
        if kind["type"] == "struct":
            inner = [known(held, field["type"]) for held, field in zip(value, kind["fields"])]
            return inner if any(held is not None for held in inner) else None
        if kind["type"] == "map":
            return [[key, known(held, kind["value"])] for key, held in value]
        return [known(element, kind["element"]) for element in value]

    return [known(value, kind) for value, (_, kind, _) in zip(row, columns)]


def comparable(rows):
    return sorted(json.dumps(row, ensure_ascii=True) for row in rows)


def rounded(row, columns):
    """Floats of 32 bits as some readers print them come back to the nearest ones."""

    def single(number):
        if not isinstance(number, (int, float)):
            return number
        return struct.unpack("f", struct.pack("f", number))[0]

    def nearest(value, kind):
        if value is None:
            return None
        if kind == "float":
            return single(value)
        if kind == "double" and isinstance(value, int):
            return float(value)
        if not isinstance(kind, dict):
            return value
        if kind["type"] == "struct":
            return [nearest(held, field["type"]) for held, field in zip(value, kind["fields"])]
        if kind["type"] == "map":
            pairs = [[key, nearest(held, kind["value"])] for key, held in value]
            return sorted(pairs, key=json.dumps)
        return [nearest(element, kind["element"]) for element in value]

    return [nearest(value, kind) for value, (_, kind, _) in zip(row, columns)]


def partition_columns(metadata):
    """The ids of the columns by whose values a table's files are partitioned."""
    return {
        field["source-id"]
        for spec in metadata["partition-specs"]
        for field in spec["fields"]
        if field["transform"] == "identity"
    }


def conditions(columns, present, expected, partitioning):
    """All rows, then for each column whose bounds are written about half of them, and of a
    partitioned table those of one partition.

    PyIceberg 0.12 looks for the columns of a condition in the present schema, also where it reads
    the past: they have to be there under the same name."""
    yield None, expected
    for position, (name, kind, identifier) in enumerate(columns):
        if present.get(identifier) != name:
            continue
        if kind not in ("int", "long", "string"):
            continue
        # PyIceberg 0.12 takes a dot in a name for a step into a struct when it filters.
        if "." in name:
            continue
        values = sorted(row[position] for row in expected if row[position] is not None)
        if not values:
            continue
        limit = values[len(values) // 2]
        # DuckDB takes no zero byte in a literal.
        if kind == "string" and (not limit.isascii() or "\0" in limit):
            continue
        yield (name, ">=", limit), [
            row for row in expected if row[position] is not None and row[position] >= limit
        ]
        if identifier in partitioning:
            yield (name, "=", limit), [row for row in expected if row[position] == limit]


def unpruned(path, snapshot, columns, condition):
    """Empty if PyIceberg opens fewer files for one partition than for all, else what is wrong."""
    names = tuple(name for name, _, _ in columns)
    every = len(list(planned(path, snapshot, names, None).plan_files()))
    some = list(planned(path, snapshot, names, condition).plan_files())
    if every and not some:
        return f"none of {every} files is of {condition[0]} {condition[2]}"
    partitions = {str(task.file.partition) for task in some}
    total = {
        str(task.file.partition) for task in planned(path, snapshot, names, None).plan_files()
    }
    if len(total) > 1 and len(partitions) == len(total):
        return f"all {len(total)} partitions are opened for {condition[0]} {condition[2]}"
    return ""


def compare(reader, path, snapshot, columns, condition, expected):
    """Empty if the reader finds the expected rows, else what it finds, in words."""
    try:
        rows = [
            [plain(value, kind) for value, (_, kind, _) in zip(row, columns)]
            for row in reader(path, snapshot, columns, condition)
        ]
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0][:160]}"
    if reader is with_clickhouse:
        rows = [blurred(row, columns) for row in rows]
        expected = [blurred(row, columns) for row in expected]
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
        known = metadata_of(metadata[table])
        columns = columns_of(known, int(snapshot))
        partitioning = partition_columns(known)
        last = known["current-schema-id"]
        fields = next(each for each in known["schemas"] if each["schema-id"] == last)["fields"]
        present = {field["id"]: field["name"] for field in fields}
        words = []
        for name, reader in readers.items():
            found = []
            for condition, wanted in conditions(columns, present, expected, partitioning):
                word = compare(
                    reader, metadata[table], int(snapshot), columns, condition, wanted
                )
                if not word and name == "PyIceberg" and condition and condition[1] == "=":
                    word = unpruned(metadata[table], int(snapshot), columns, condition)
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
