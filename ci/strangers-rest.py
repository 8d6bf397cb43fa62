"""Writes to the lake of a running server as other programs do, through its REST catalog.

python ci/strangers-rest.py WAVETANK: a log table and a key table grow by `wavetank ingest`; between
the rounds PyIceberg and DuckDB append, change, delete, evolve, tag, rewrite and expire. After each
act PyIceberg, DuckDB and the server's own SQL have to see the same rows, and what we ingest next
has to arrive. Rows that others append are in the lake alone: our SQL reads the table, of which they
are none, and they stay, until the log changes their keys.
"""

import datetime
import glob
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

import duckdb
import pyarrow
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.expressions import EqualTo, In, LessThan
from pyiceberg.types import StringType

import served

TABLES = ["clicks", "orders"]
ROWS = 200


def ingest(program, server, work, round_number):
    for name in TABLES:
        source = f"{work}/{name}-{round_number}.csv"
        first = 0 if name == "orders" else round_number * ROWS
        with open(source, "w") as file:
            file.write("id,amount\n")
            for number in range(first, first + ROWS):
                file.write(f"{number},{number * 10 + round_number}\n")
        told = subprocess.run(
            [program, "ingest", source, "--table", f"shop.{name}", "--to", server.address,
             *(["--key", "id"] if name == "orders" else [])],
            capture_output=True, text=True, timeout=120)
        assert told.returncode == 0, told


def ours(server, name):
    request = urllib.request.Request(
        server.address + "/api/v1/sql", method="POST",
        data=json.dumps({"query": f"SELECT id, amount FROM shop.{name}"}).encode(),
        headers={"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return sorted((row["id"], row["amount"]) for row in json.loads(answer.read()))


# The system columns of a row that has no place in the log.
OUTSIDE = {"__bucket": 0, "__offset": -1, "__timestamp": datetime.datetime.now(datetime.UTC)}


def split(rows):
    rows = list(rows)
    return (sorted(row[:2] for row in rows if row[2] >= 0), sum(row[2] < 0 for row in rows))


class Strangers:
    def __init__(self, server):
        self.catalog = RestCatalog("wavetank", uri=server.address + "/iceberg")
        self.address = server.address
        self.engine = None

    def table(self, name):
        return self.catalog.load_table(f"shop.{name}")

    def pyiceberg(self, name):
        """The rows of the log, and how many others there are."""
        found = self.table(name).scan(selected_fields=("id", "amount", "__offset")).to_arrow()
        return split(zip(*(found[column].to_pylist() for column in ("id", "amount", "__offset"))))

    def connect(self):
        engine = duckdb.connect()
        packages = os.path.dirname(os.path.dirname(duckdb.__file__))
        for extension in ("avro", "httpfs", "iceberg"):
            path = glob.glob(f"{packages}/duckdb_extension_{extension}/**/*.duckdb_extension",
                             recursive=True)[0]
            engine.execute(f"LOAD '{path}'")
        engine.execute(f"ATTACH 'wavetank' AS lake (TYPE iceberg, ENDPOINT "
                       f"'{self.address}/iceberg', AUTHORIZATION_TYPE 'none')")
        return engine

    def ask(self, statement):
        # A connection keeps what it has seen of a table.
        return self.connect().execute(statement).fetchall()

    def duckdb(self, name):
        return split(self.ask(f"SELECT id, amount, __offset FROM lake.shop.{name}"))


def agree(server, strangers, what, seconds=60):
    """Until all three see the same; rows that were just ingested are in the log alone at first."""
    deadline = time.monotonic() + seconds
    while True:
        theirs = {name: (strangers.pyiceberg(name), strangers.duckdb(name)) for name in TABLES}
        found = {name: (ours(server, name), one[0], two[0]) for name, (one, two) in theirs.items()}
        if all(one == two == three for one, two, three in found.values()) and all(
                one == two for one, two in theirs.values()):
            print(f"{what}: " + ", ".join(
                f"{len(found[name][0])} {name} and {theirs[name][0][1]} of others"
                for name in TABLES))
            return {name: theirs[name][0][1] for name in TABLES}
        if time.monotonic() > deadline:
            for name, seen in found.items():
                for who, rows in zip(("we", "PyIceberg", "DuckDB"), seen):
                    print(f"  {name}: {who}: {len(rows)} rows, alone here: "
                          f"{sorted(set(rows) - set(seen[1]))[:5]}, lacks: "
                          f"{sorted(set(seen[1]) - set(rows))[:5]}")
            raise SystemExit(f"{what}: they do not agree")
        time.sleep(0.3)


# What each writer does to a table.


def py_append(strangers, name):
    table = strangers.table(name)
    wanted = table.schema().as_arrow()
    rows = [dict(OUTSIDE, id=800000 + number, amount=number) for number in range(3)]
    table.append(pyarrow.Table.from_pylist(rows, schema=wanted))


def py_delete(strangers, name):
    strangers.table(name).delete(In("id", [1, 5, 150]))


def py_update(strangers, name):
    table = strangers.table(name)
    rows = table.scan(row_filter=LessThan("id", 4)).to_arrow()
    place = rows.schema.get_field_index("amount")
    rows = rows.set_column(place, rows.schema.field(place),
                           pyarrow.array([-7] * len(rows), rows.schema.field(place).type))
    table.overwrite(rows.cast(table.schema().as_arrow()), overwrite_filter=LessThan("id", 4))


def py_column(strangers, name):
    with strangers.table(name).update_schema() as change:
        change.add_column("remark", StringType())


def py_tag(strangers, name):
    table = strangers.table(name)
    table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, "kept").commit()


def py_rewrite(strangers, name):
    table = strangers.table(name)
    table.overwrite(table.scan().to_arrow().cast(table.schema().as_arrow()))


def py_expire(strangers, name):
    table = strangers.table(name)
    old = [snapshot.snapshot_id for snapshot in table.metadata.snapshots
           if snapshot.snapshot_id not in {ref.snapshot_id for ref in table.metadata.refs.values()}]
    if old:
        table.maintenance.expire_snapshots().by_ids(old[:-1]).commit()


def duck_insert(strangers, name):
    strangers.ask(f"INSERT INTO lake.shop.{name} BY NAME SELECT 900000 AS id, 1 AS "
                  "amount, 0 AS __bucket, -1 AS __offset, now() AS __timestamp")


def duck_delete(strangers, name):
    strangers.ask(f"DELETE FROM lake.shop.{name} WHERE id IN (7, 8)")


def duck_update(strangers, name):
    strangers.ask(f"UPDATE lake.shop.{name} SET amount = -9 WHERE id IN (20, 21)")


ACTS = [py_append, duck_insert, py_delete, duck_delete, py_update, duck_update, py_column, py_tag,
        py_rewrite, py_expire]


def main(program):
    with tempfile.TemporaryDirectory(prefix="wavetank-strangers-") as work:
        server = served.Server(program, work)
        try:
            ingest(program, server, work, 0)
            strangers = Strangers(server)
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    if all(strangers.pyiceberg(name) for name in TABLES):
                        break
                except Exception:
                    pass
                time.sleep(0.3)
            agree(server, strangers, "ingested")
            for number, act in enumerate(ACTS):
                for name in TABLES:
                    act(strangers, name)
                agree(server, strangers, act.__name__)
                ingest(program, server, work, number + 1)
                agree(server, strangers, f"ingested after {act.__name__}")
            others = agree(server, strangers, "at the end")
            assert all(count == 4 for count in others.values()), f"rows of others stay: {others}"
            kept = strangers.table("orders").metadata
            assert "kept" in kept.refs, "a tag of others stays"
            assert any(field.name == "remark" for field in kept.schema().fields), "and a column"
            server.stop()
        except BaseException:
            server.show_log()
            server.kill()
            raise
    print(f"strangers-rest: {len(ACTS)} acts of PyIceberg and DuckDB on {len(TABLES)} tables, our "
          "commits between them, 3 readers agree after each: 1 passed, 0 failed")


main(os.path.abspath(sys.argv[1]))
