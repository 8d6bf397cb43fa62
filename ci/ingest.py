"""Files and a PostgreSQL server are brought into a served process, which is killed meanwhile.

python ci/ingest.py WAVETANK ROUNDS: CSV, JSON and Parquet files, committed captures of Debezium,
wal2json and nginx, and then tables of a real PostgreSQL that change all the while. The ingest and
the served process are killed with SIGKILL ROUNDS times and started again; in the end each row is
there once.
"""

import decimal
import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import pyarrow as pa
import pyarrow.parquet

import served

POSTGRES = "/usr/lib/postgresql/15/bin/"
ROWS = 60_000


class Served(served.Server):
    def rows(self, table, columns=None):
        database, name = table.split(".")
        path = f"{self.address}/api/v1/databases/{database}/tables/{name}/rows?format=ndjson"
        with urllib.request.urlopen(path, timeout=120) as answer:
            return [json.loads(line, parse_float=decimal.Decimal)
                    for line in answer.read().splitlines()]


class Postgres:
    """A temporary server that decodes its log; the user needs a password (SCRAM)."""

    def __init__(self, work):
        self.port = 30000 + os.getpid() % 7000
        self.folder = tempfile.mkdtemp()
        self.as_server = []
        if os.getuid() == 0:
            # The server refuses to run as root.
            self.as_server = ["runuser", "-u", "postgres", "--"]
            shutil.chown(self.folder, "postgres")
        self.data = self.folder + "/data"
        with open(self.folder + "/password", "w") as file:
            file.write("secret word\n")
        if os.getuid() == 0:
            shutil.chown(self.folder + "/password", "postgres")
        self.run("initdb", "-D", self.data, "-E", "UTF8", "--locale=C.UTF-8", "-U", "shop",
                 "-A", "scram-sha-256", "--pwfile", self.folder + "/password")
        self.run("pg_ctl", "-D", self.data, "-l", self.folder + "/log", "-w", "-t", "60", "-s",
                 "-o", f"-c listen_addresses=127.0.0.1 -c port={self.port} -c wal_level=logical "
                 f"-c unix_socket_directories={self.folder} -c fsync=off "
                 "-c wal_sender_timeout=5s", "start")
        self.environment = dict(os.environ, PGPASSWORD="secret word")

    def run(self, name, *arguments):
        subprocess.run([*self.as_server, POSTGRES + name, *arguments], check=True, timeout=90,
                       cwd=self.folder, stdout=subprocess.DEVNULL)

    def sql(self, *statements, database="postgres"):
        arguments = [part for statement in statements for part in ("-c", statement)]
        return subprocess.run(
            [POSTGRES + "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "shop", "-d",
             database, "-qAtX", "-v", "ON_ERROR_STOP=1", *arguments], check=True, timeout=120,
            env=self.environment, capture_output=True, text=True).stdout

    def rows(self, table):
        text = self.sql("SET TimeZone = 'UTC'", f"SELECT to_json(t) FROM {table} t")
        return [json.loads(line, parse_float=decimal.Decimal) for line in text.splitlines()]

    def restart(self):
        self.run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-s", "-l", self.folder + "/log",
                 "-o", f"-c listen_addresses=127.0.0.1 -c port={self.port} -c wal_level=logical "
                 f"-c unix_socket_directories={self.folder} -c fsync=off "
                 "-c wal_sender_timeout=5s", "restart")

    def stop(self):
        subprocess.run([*self.as_server, POSTGRES + "pg_ctl", "-D", self.data, "-m", "immediate",
                        "-s", "stop"], cwd=self.folder, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def expect(what, found, expected):
    assert found == expected, f"{what}: {str(found)[:2000]}, not {str(expected)[:2000]}"
    print(f"ingest: {what}: {str(found)[:100]}", flush=True)


class Ingest:
    """The command, which is run until it ends by itself, and killed meanwhile."""

    def __init__(self, program, server, work, *arguments):
        self.command = [program, "ingest", *arguments, "--to", server.address, "--json"]
        self.environment = dict(os.environ, PGPASSWORD="secret word")
        self.work = work
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment, cwd=self.work)

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def finish(self, code=0):
        output, errors = self.process.communicate(timeout=300)
        assert self.process.returncode == code, (self.process.returncode, errors[-2000:])
        return json.loads(output) if code == 0 else errors


def wait_until(is_so):
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.02)


def kill_meanwhile(ingest, server, rounds, generator, pause):
    """Kills one or the other, again and again; how often the ingest was still at work."""
    hits = 0
    for round in range(rounds):
        time.sleep(generator.uniform(*pause))
        if ingest.process.poll() is None:
            hits += 1
            if round % 2 == 0:
                ingest.kill()
                ingest.start()
            else:
                server.kill()
                server.start()
    return hits


def files(program, server, work, rounds):
    generator = random.Random(7)
    rows = [{"id": key, "name": f"order {key}, \"quoted\"\n{key % 7}",
             "price": f"{key / 100:.2f}", "day": f"2026-11-{key % 28 + 1:02d}",
             "at": f"2026-11-28 12:00:{key % 60:02d}.5", "ok": key % 2 == 0}
            for key in range(ROWS)]
    with open(work + "/orders.csv", "w") as file:
        file.write("id,name,price,day,at,ok\n")
        for row in rows:
            name = row["name"].replace('"', '""')
            file.write(f"{row['id']},\"{name}\",{row['price']},{row['day']},{row['at']},"
                       f"{str(row['ok']).lower()}\n")
    shown = {row["id"]: (row["name"], row["day"], row["at"].replace(" ", "T"), row["ok"])
             for row in rows}
    for table, arguments in [("files.keyed", ["--key", "id"]), ("files.log", [])]:
        ingest = Ingest(program, server, work, "orders.csv", "--table", table, "--state",
                        table + ".state", *arguments)
        hits = kill_meanwhile(ingest, server, rounds, generator, (0.2, 1.0))
        told = ingest.finish()
        found = server.rows(table)
        expect(f"rows of {table} after {hits} kills", (told["rows"], len(found)), (ROWS, ROWS))
        expect(f"each row of {table} is right", {row["id"]: (
            row["name"], row["day"], row["at"], row["ok"]) for row in found} == shown, True)
        again = Ingest(program, server, work, "orders.csv", "--table", table, "--state",
                       table + ".state", *arguments).finish()
        expect(f"{table} once more", again["rowsNow"], 0)
    with gzip.open(work + "/orders.jsonl.gz", "wt") as file:
        for row in rows[:20_000]:
            file.write(json.dumps(row) + "\n")
    told = Ingest(program, server, work, "orders.jsonl.gz", "--table", "files.json").finish()
    expect("rows of JSON lines in gzip", (told["rows"], len(server.rows("files.json"))),
           (20_000, 20_000))
    table = pa.table({"id": range(20_000), "vector": [[1.5, key] for key in range(20_000)],
                      "price": pa.array([decimal.Decimal(key) / 100 for key in range(20_000)],
                                        pa.decimal128(12, 2))})
    pyarrow.parquet.write_table(table, work + "/table.parquet", row_group_size=3000)
    ingest = Ingest(program, server, work, "table.parquet", "--table", "files.parquet")
    kill_meanwhile(ingest, server, 2, generator, (0.1, 0.4))
    told = ingest.finish()
    found = server.rows("files.parquet")
    expect("rows of Parquet", (told["rows"], len(found), len({row["id"] for row in found})),
           (20_000, 20_000, 20_000))
    row = next(row for row in found if row["id"] == 1234)
    expect("a row of Parquet", (row["price"], [float(value) for value in row["vector"]]),
           ("12.34", [1.5, 1234.0]))


def captures(program, server, work):
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/Scenarios/captures/"
    told = Ingest(program, server, work, folder + "nginx-access.log.zst", "--table", "files.access",
                  "--state", "access.state", "--allow", "26").finish()
    expect("lines of nginx", told["rows"], len(server.rows("files.access")))
    for name in ["debezium-shop.json.zst", "postgres-shop.wal2json.zst"]:
        database = name.split("-")[0]
        told = Ingest(program, server, work, folder + name, "--database", database, "--state",
                      database + ".state", "--allow", "100").finish()
        expect(f"changes of {name} are many", told["rows"] > 400, True)


def mistakes(program, server, work):
    with open(work + "/bad.csv", "w") as file:
        file.write("id,cents\n1,5\n2,six\n3,7\n")
    server_table = server.address + "/api/v1/databases/files/tables"
    body = json.dumps({"name": "bad", "schema": {"columns": [
        {"name": "id", "data_type": {"type": "BIGINT"}},
        {"name": "cents", "data_type": {"type": "BIGINT"}}]}}).encode()
    urllib.request.urlopen(urllib.request.Request(
        server_table, body, {"content-type": "application/json"}, method="POST"))
    errors = Ingest(program, server, work, "bad.csv", "--table", "files.bad").finish(3)
    expect("a mistake is named with its place", "bad.csv:3:3: column 'cents' holds 'six'" in errors,
           True)
    told = Ingest(program, server, work, "bad.csv", "--table", "files.bad", "--allow",
                  "1").finish()
    expect("and let go", (told["rows"], told["leftOut"], len(server.rows("files.bad"))), (2, 1, 2))


TABLES = ["orders", "items", "notes"]


def make_tables(postgres):
    postgres.sql(
        "CREATE TABLE orders (id bigint PRIMARY KEY, customer text NOT NULL, price numeric(12,2),"
        " placed timestamptz, day date, paid boolean, weight double precision, code uuid,"
        " data bytea)",
        "CREATE TABLE items (order_id bigint, line int, count int, PRIMARY KEY (order_id, line))",
        "CREATE TABLE notes (id serial PRIMARY KEY, text text, long text)",
        "ALTER TABLE notes ALTER long SET STORAGE EXTERNAL",
        "CREATE TABLE events (id bigint, what text)",
        "INSERT INTO orders SELECT n, 'customer ' || n, n * 1.25, now(), current_date, n % 2 = 0,"
        " n / 3.0, gen_random_uuid(), decode(md5(n::text), 'hex')"
        " FROM generate_series(1, 20000) n",
        "INSERT INTO items SELECT n, 1, n FROM generate_series(1, 5000) n",
        "INSERT INTO notes (text, long) SELECT E'tab\\there ' || n, repeat('x' || n, 3000)"
        " FROM generate_series(1, 50) n",
        "INSERT INTO events SELECT n, 'first' FROM generate_series(1, 1000) n",
        "CREATE PUBLICATION everything FOR TABLE orders, items, notes, events")


def change(postgres, generator, round):
    """One transaction, or some, of any kind."""
    # The column has another name after the fourth change of the schema.
    text = "text" if round <= 3 * 9 + 4 else "title"
    base = 1_000_000 + round * 100_000
    kind = generator.randrange(8)
    low = generator.randrange(20_000)
    choices = [
        [f"INSERT INTO orders (id, customer, price, placed, paid) SELECT n, 'new', 1, now(), true"
         f" FROM generate_series({base}, {base + 400}) n"],
        [f"UPDATE orders SET price = price + 1 WHERE id BETWEEN {low} AND {low + 500}"],
        [f"DELETE FROM orders WHERE id BETWEEN {low} AND {low + 60}"],
        [f"UPDATE items SET line = line + 1 WHERE order_id % 50 = {generator.randrange(50)}"],
        [f"UPDATE notes SET {text} = 'changed {round}' WHERE id % 3 = {generator.randrange(3)}"],
        # More than goes into one batch, into a log where nothing hides what comes twice.
        [f"INSERT INTO events SELECT n, 'later' FROM generate_series({base}, {base + 24999}) n"],
        ["BEGIN", f"INSERT INTO items SELECT {base} + n, 1, n FROM generate_series(1, 3000) n",
         f"UPDATE items SET count = count + 1 WHERE order_id > {base} AND order_id < {base + 99}",
         f"DELETE FROM items WHERE order_id > {base + 1000} AND order_id < {base + 1100}",
         "COMMIT"],
        ["BEGIN", f"INSERT INTO orders (id, customer) VALUES ({base + 500}, 'never')", "ROLLBACK"],
    ]
    postgres.sql(*choices[kind])


SCHEMA_CHANGES = [
    ["ALTER TABLE orders ADD COLUMN remark text",
     "UPDATE orders SET remark = 'seen' WHERE id % 100 = 0"],
    ["ALTER TABLE items ALTER COLUMN count TYPE bigint", "UPDATE items SET count = 5000000000"
     " WHERE order_id % 500 = 1"],
    ["ALTER TABLE orders DROP COLUMN weight"],
    ["ALTER TABLE notes RENAME COLUMN text TO title",
     "UPDATE notes SET title = title || '!' WHERE id % 5 = 0"],
    ["TRUNCATE items", "INSERT INTO items SELECT n, 1, n FROM generate_series(1, 100) n"],
]


def plain(value):
    """A value of either side as the same text."""
    if isinstance(value, str):
        if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(\+00:00|Z)?", value):
            value = re.sub(r"(\+00:00|Z)$", "", value)
            return re.sub(r"(\.\d*?)0+$", r"\1", value).rstrip(".")
        if value.startswith("\\x"):
            return value[2:]
        if re.fullmatch(r"-?\d+\.\d+", value):
            return decimal.Decimal(value)
        return value
    if isinstance(value, bool) or value is None:
        return value
    return decimal.Decimal(value)


def fingerprint(rows):
    return sorted(
        (tuple(sorted((name, str(plain(value))) for name, value in row.items())) for row in rows))


def database(program, server, work, rounds):
    generator = random.Random(11)
    postgres = Postgres(work)
    try:
        make_tables(postgres)
        url = f"postgres://shop@127.0.0.1:{postgres.port}/postgres"
        ingest = Ingest(program, server, work, url, "--publication", "everything", "--slot", "tank",
                        "--database", "copy", "--buckets", "2", "--follow")
        # The copy itself is cut short, too.
        time.sleep(0.7)
        ingest.kill()
        ingest.start()
        wait_until(lambda: b'"phase":"stream"' in open(work + "/tank.ingest", "rb").read())
        failures = []

        def load():
            try:
                for round in range(rounds * 8):
                    change(postgres, generator, round)
                    if round % 9 == 4 and round // 9 < len(SCHEMA_CHANGES):
                        postgres.sql(*SCHEMA_CHANGES[round // 9])
                    time.sleep(0.05)
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=load)
        thread.start()
        hits = kill_meanwhile(ingest, server, rounds, random.Random(3), (0.5, 2.0))
        thread.join()
        assert not failures, getattr(failures[0], "stderr", failures)
        for statements in SCHEMA_CHANGES[(rounds * 8 + 4) // 9:]:
            postgres.sql(*statements)
        postgres.restart()
        time.sleep(2)
        assert ingest.process.poll() is None, ingest.process.communicate()
        ingest.process.send_signal(signal.SIGINT)
        ingest.process.communicate(timeout=60)
        position = postgres.sql("SELECT pg_current_wal_flush_lsn()").strip()
        told = Ingest(program, server, work, url, "--publication", "everything", "--slot", "tank",
                      "--database", "copy").finish()
        print(f"ingest: PostgreSQL, {hits} kills: {told}", flush=True)
        for table in TABLES + ["events"]:
            ours, theirs = server.rows("copy." + table), postgres.rows(table)
            expect(f"rows of {table}", len(ours), len(theirs))
            ours, theirs = fingerprint(ours), fingerprint(theirs)
            difference = [pair for pair in zip(ours, theirs) if pair[0] != pair[1]]
            expect(f"differences in {table}", difference[:3], [])
        freed = postgres.sql(f"SELECT confirmed_flush_lsn >= '{position}'"
                             " FROM pg_replication_slots").strip()
        expect("the server need not keep its log", freed, "t")
        expect("batches are few", told["batches"] < 400, True)
    finally:
        postgres.stop()


def main(program, rounds):
    work = tempfile.mkdtemp()
    server = Served(program, work)
    try:
        files(program, server, work, rounds)
        captures(program, server, work)
        mistakes(program, server, work)
        database(program, server, work, rounds)
        assert server.process.poll() is None, "the server ended"
        print("1 passed, 0 failed")
    except BaseException:
        server.show_log()
        raise
    finally:
        server.kill()
        shutil.rmtree(work, ignore_errors=True)


main(os.path.abspath(sys.argv[1]), int(sys.argv[2]))
