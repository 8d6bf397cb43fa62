"""Readers open the lake of a served cluster by address.

python ci/web.py WAVETANK: a Fluss client writes a log table and a table with a key; once HTTP says
that all is in the lake, PyIceberg and DuckDB read both through the REST catalog, by address alone.
"""

import asyncio
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import duckdb
import fluss
import pyarrow as pa
from pyiceberg.catalog.rest import RestCatalog

import served

CLICKS, ORDERS = 300, 100


def get(address, path):
    with urllib.request.urlopen(f"{address}{path}", timeout=20) as answer:
        return answer.read().decode()


async def write(port):
    for _ in range(60):
        try:
            connection = await fluss.FlussConnection.create(
                fluss.Config({"bootstrap.servers": f"127.0.0.1:{port}"}))
            break
        except fluss.FlussError:
            await asyncio.sleep(0.5)
    admin = connection.get_admin()
    if hasattr(admin, "__await__"):
        admin = await admin
    log = fluss.Schema(pa.schema([pa.field("id", pa.int64()), pa.field("page", pa.string())]))
    rows = fluss.Schema(pa.schema([pa.field("id", pa.int64()), pa.field("cents", pa.int64())]),
                        primary_keys=["id"])
    await admin.create_database("shop", ignore_if_exists=True)
    for name, schema in [("clicks", log), ("orders", rows)]:
        await admin.create_table(
            fluss.TablePath("shop", name), fluss.TableDescriptor(schema, bucket_count=2),
            ignore_if_exists=True)
    clicks, orders = [await connection.get_table(fluss.TablePath("shop", name))
                      for name in ("clicks", "orders")]
    append, upsert = clicks.new_append().create_writer(), orders.new_upsert().create_writer()
    for key in range(CLICKS):
        append.append({"id": key, "page": f"/p/{key}"})
    await append.flush()
    # Every order is written twice: the lake has each once, as it was last.
    for round in range(2):
        for key in range(ORDERS):
            upsert.upsert({"id": key, "cents": key * 10 + round})
        await upsert.flush()


def expect(what, found, expected):
    assert found == expected, f"{what}: {found}, not {expected}"
    print(f"web: {what}: {found}")


def read(address):
    catalog = RestCatalog("wavetank", uri=address + "/iceberg")
    tables = {name[-1]: name for namespace in catalog.list_namespaces()
              for name in catalog.list_tables(namespace)}
    for name, count, total in [
            ("clicks", CLICKS, sum(range(CLICKS))),
            ("orders", ORDERS, sum(range(ORDERS)))]:
        rows = catalog.load_table(tables[name]).scan().to_arrow()
        expect(f"PyIceberg reads {name}", (len(rows), sum(rows["id"].to_pylist())), (count, total))
    cents = sum(catalog.load_table(tables["orders"]).scan().to_arrow()["cents"].to_pylist())
    expect("PyIceberg sums the cents", cents, sum(key * 10 + 1 for key in range(ORDERS)))
    engine = duckdb.connect()
    packages = os.path.dirname(os.path.dirname(duckdb.__file__))
    for extension in ("avro", "httpfs", "iceberg"):
        path = glob.glob(f"{packages}/duckdb_extension_{extension}/**/*.duckdb_extension",
                         recursive=True)[0]
        engine.execute(f"LOAD '{path}'")
    engine.execute(f"ATTACH 'wavetank' AS lake (TYPE iceberg, ENDPOINT '{address}/iceberg', "
                   "AUTHORIZATION_TYPE 'none')")
    namespace = ".".join(f'"{part}"' for part in tables["clicks"][:-1])
    for name, count, total in [
            ("clicks", CLICKS, sum(range(CLICKS))),
            ("orders", ORDERS, sum(range(ORDERS)))]:
        found = engine.execute(f'SELECT count(*), sum(id) FROM lake.{namespace}."{name}"')
        expect(f"DuckDB reads {name}", found.fetchone(), (count, total))


def main(program):
    work = tempfile.mkdtemp()
    server = served.Server(program, work)
    address = server.address
    try:
        expect("health", get(address, "/health"), "ok\n")
        asyncio.run(asyncio.wait_for(write(server.port), 120))
        expect("readiness", get(address, "/ready"), "ready\n")
        metrics = get(address, "/metrics")
        assert metrics.endswith("# EOF\n") and "wavetank_bucket_has_leader" in metrics, metrics
        deadline = time.monotonic() + 200
        while time.monotonic() < deadline:
            lake = json.loads(get(address, "/api/v1/lake"))["tables"]
            if len(lake) == 2 and all(table["lag"] == 0 for table in lake):
                break
            time.sleep(1)
        expect("lag of the lake", [table["lag"] for table in lake], [0, 0])
        shown = subprocess.run([program, "admin", "buckets", "--at", address],
                               capture_output=True, text=True, check=True)
        assert "server-1" in shown.stdout, shown.stdout
        read(address)
        for path, code in [("/nothing", 404), ("/iceberg/v1/namespaces/none", 404),
                           ("/warehouse/none", 404)]:
            try:
                get(address, path)
                raise AssertionError(f"{path} is answered")
            except urllib.error.HTTPError as error:
                expect(path, error.code, code)
        print("1 passed, 0 failed")
    except BaseException:
        server.show_log()
        raise
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)


main(os.path.abspath(sys.argv[1]))
