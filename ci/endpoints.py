"""Writers of others in the weather of `wavetank endpoints`.

    endpoints.py WAVETANK        runs each writer in each scenario of Scenarios/endpoints
    endpoints.py job NAME        one writer, against the addresses in the environment

A writer appends batches of ten rows with ids of their own to shop.orders. The careful one reads the
table back when a commit fails, and appends again only what is not there; the hasty one appends
again. The verdicts that are known stand in EXPECTED, and are what the tool is to find: a hasty
writer has rows twice where answers are lost. DuckDB 1.5.5 removes the data file of a commit whose
outcome it does not know, which was made, so that the table cannot be read any more, whatever the
program that uses it does.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

BATCHES, SIZE = 6, 10
WRITERS = ["pyiceberg-careful", "pyiceberg-hasty", "duckdb-careful", "duckdb-hasty"]
# The rule that each writer's tables are known to break; any verdict but these is news.
EXPECTED = {
    ("lost-commits", "pyiceberg-hasty"): "rowsOnceByKey",
    ("lost-commits", "duckdb-careful"): "noLiveObjectGone",
    ("lost-commits", "duckdb-hasty"): "noLiveObjectGone",
    ("gateway-timeouts", "pyiceberg-hasty"): "rowsOnceByKey",
    ("gateway-timeouts", "duckdb-careful"): "noLiveObjectGone",
    ("gateway-timeouts", "duckdb-hasty"): "noLiveObjectGone",
}


def batches():
    for batch in range(BATCHES):
        yield [batch * SIZE + number for number in range(SIZE)]


def stubborn(what, action, tries=12):
    """Repeats what may be repeated: asking."""
    for attempt in range(tries):
        try:
            return action()
        except Exception as error:
            print(f"{what}: {type(error).__name__}: {str(error)[:120]}", flush=True)
            time.sleep(0.05)
    raise SystemExit(f"{what} did not succeed in {tries} tries")


# --- PyIceberg ---


def pyiceberg(is_careful):
    import pyarrow as pa
    from pyiceberg.catalog import load_catalog
    from pyiceberg.exceptions import NamespaceAlreadyExistsError, TableAlreadyExistsError
    from pyiceberg.schema import Schema
    from pyiceberg.types import LongType, NestedField, StringType

    catalog = stubborn("catalog", lambda: load_catalog(
        "default", type="rest", uri=os.environ["WAVETANK_CATALOG"]))

    def make_namespace():
        try:
            catalog.create_namespace("shop")
        except NamespaceAlreadyExistsError:
            pass

    def make_table():
        try:
            catalog.create_table("shop.orders", Schema(
                NestedField(1, "id", LongType()), NestedField(2, "note", StringType())))
        except TableAlreadyExistsError:
            pass

    stubborn("namespace", make_namespace)
    stubborn("table", make_table)

    def found():
        return set(catalog.load_table("shop.orders").scan().to_arrow()["id"].to_pylist())

    for ids in batches():
        rows = pa.table({"id": pa.array(ids, pa.int64()),
                         "note": [f"order {number}" for number in ids]})

        def append():
            if is_careful and found() & set(ids):
                return
            catalog.load_table("shop.orders").append(rows)

        stubborn(f"append {ids[0]}", append)
    print("rows", len(stubborn("scan", found)))


# --- DuckDB ---


def duckdb(is_careful):
    import duckdb as engine_module

    packages = os.path.dirname(os.path.dirname(engine_module.__file__))

    def connect():
        engine = engine_module.connect()
        for extension in ("avro", "httpfs", "iceberg"):
            path = glob.glob(f"{packages}/duckdb_extension_{extension}/**/*.duckdb_extension",
                             recursive=True)[0]
            engine.execute(f"LOAD '{path}'")
        host = os.environ["WAVETANK_S3"].split("//")[1]
        engine.execute(
            "CREATE SECRET store (TYPE s3, KEY_ID 'wavetank', SECRET 'wavetank', "
            f"ENDPOINT '{host}', URL_STYLE 'path', USE_SSL false, REGION 'us-east-1')")
        engine.execute(f"ATTACH 'warehouse' AS lake (TYPE iceberg, ENDPOINT "
                       f"'{os.environ['WAVETANK_CATALOG']}', AUTHORIZATION_TYPE 'none')")
        return engine

    state = {"engine": stubborn("attach", connect)}

    def ask(statement):
        try:
            return state["engine"].execute(statement).fetchall()
        except Exception:
            # What failed may be kept by the connection.
            state["engine"] = connect()
            raise

    stubborn("namespace", lambda: ask("CREATE SCHEMA IF NOT EXISTS lake.shop"))
    stubborn("table", lambda: ask(
        "CREATE TABLE IF NOT EXISTS lake.shop.orders (id BIGINT, note VARCHAR)"))

    def found():
        return {row[0] for row in ask("SELECT id FROM lake.shop.orders")}

    for ids in batches():
        def append():
            if is_careful and found() & set(ids):
                return
            values = ", ".join(f"({number}, 'order {number}')" for number in ids)
            ask(f"INSERT INTO lake.shop.orders VALUES {values}")

        stubborn(f"insert {ids[0]}", append)
    print("rows", len(stubborn("scan", found)))


# --- All of them ---


def main(program):
    failures = 0
    count = 0
    for scenario in sorted(glob.glob("Scenarios/endpoints/*.yaml")):
        weather = os.path.basename(scenario).removesuffix(".yaml")
        for writer in WRITERS:
            folder = tempfile.mkdtemp()
            ended = subprocess.run(
                [program, "endpoints", scenario, "--data", folder, "--json", "--",
                 sys.executable, os.path.abspath(__file__), "job", writer],
                capture_output=True, text=True, timeout=300)
            try:
                result = json.loads(ended.stdout)
            except ValueError:
                print(f"{weather}, {writer}: no verdict: {ended.stdout[-500:]}"
                      f"{ended.stderr[-1500:]}")
                failures += 1
                continue
            expected = EXPECTED.get((weather, writer), "")
            isKnown = result["reason"].partition(":")[0] == expected
            count += 1
            failures += not isKnown
            print(f"{'ok ' if isKnown else 'NEW'} {weather:18} {writer:18} "
                  f"{result['verdict']:5} {result['commits']:3} commits, "
                  f"{len(result['strikes']):3} struck, {result['orphans']['objects']:3} orphans  "
                  f"{result['reason'][:120]}", flush=True)
            if not isKnown:
                print(ended.stderr[-3000:])
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{count - failures} as known, {failures} not")
    sys.exit(failures > 0)


if sys.argv[1] == "job":
    tool, _, manner = sys.argv[2].partition("-")
    {"pyiceberg": pyiceberg, "duckdb": duckdb}[tool](manner == "careful")
else:
    main(os.path.abspath(sys.argv[1]))
