"""Prints the rows of an exported lake as DuckDB reads them: a line for each table and each row."""

import glob
import json
import os
import site
import sys

import duckdb

folder = os.path.abspath(sys.argv[1])
connection = duckdb.connect()
connection.execute("SET TimeZone='UTC'")
extensions = [
    path
    for packages in site.getsitepackages()
    for path in glob.glob(f"{packages}/duckdb_extension_*/**/*.duckdb_extension", recursive=True)
]
for name in ("avro", "iceberg"):
    path = next(path for path in extensions if path.endswith(f"/{name}.duckdb_extension"))
    connection.execute(f"LOAD '{path}'")

newest = {}
for path in sorted(glob.glob(f"{folder}/warehouse/*/*/metadata/*.metadata.json")):
    newest[os.path.dirname(path)] = path
for path in newest.values():
    with open(path) as file:
        metadata = json.load(file)
    schema = max(metadata["schemas"], key=lambda schema: schema["schema-id"])
    fields = [field for field in schema["fields"] if not field["name"].startswith("__")]
    table = os.path.basename(os.path.dirname(os.path.dirname(path)))
    print("TABLE", table, [(field["name"], field["type"]) for field in fields])
    columns = ", ".join('"%s"::varchar' % field["name"] for field in fields)
    rows = connection.execute(f"select {columns} from iceberg_scan('{path}') order by all")
    for row in rows.fetchall():
        print("  ", "|".join("NULL" if value is None else value for value in row))
