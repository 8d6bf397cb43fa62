"""Programs of others write to and read from the tables of a served cluster over HTTP.

python ci/http-calls.py WAVETANK SCHEMATHESIS ROUNDS: curl makes the tables; pyarrow appends rows
under a writer and sequences while the server is killed with SIGKILL and started again ROUNDS times;
polars, DuckDB and pandas write and read as well. In the end every acknowledged row is there once.
Then schemathesis asks whatever the description at /openapi.json allows, and much that it does not.
"""

import glob
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import duckdb
import pandas
import polars
import pyarrow as pa

import served

ARROW = "application/vnd.apache.arrow.stream"
LINES = "application/x-ndjson"
BATCHES, ROWS = 60, 50
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,"
          "response_headers_conformance,response_schema_conformance,unsupported_method,"
          "allow_header_conformance,negative_data_rejection")


def ask(address, method, path, body=None, type="application/json", accept="application/json"):
    """Status, headers and body of an answer; a problem is one, too."""
    request = urllib.request.Request(
        address + path, body, {"content-type": type, "accept": accept}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def done(answer):
    status, _, body = answer
    assert 200 <= status < 300, (status, body)
    return body


def curl(address, path, *arguments):
    shown = subprocess.run(
        ["curl", "-sS", "-w", "\n%{http_code}", address + path, *arguments],
        capture_output=True, text=True, check=True, timeout=60).stdout
    body, _, status = shown.rpartition("\n")
    return int(status), json.loads(body) if body else None


def expect(what, found, expected):
    assert found == expected, f"{what}: {found}, not {expected}"
    print(f"http: {what}: {found}", flush=True)


def stream(table):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=20)
    return sink.getvalue()


def make_tables(address):
    def column(name, type):
        return {"name": name, "data_type": {"type": type}}

    def make(name, columns, **more):
        body = {"name": name, "bucket_count": 2, "schema": {"columns": columns, **more}}
        return curl(address, "/api/v1/databases/shop/tables", "--json", json.dumps(body))[0]

    expect("curl makes a database",
           curl(address, "/api/v1/databases", "--json", '{"name": "shop"}')[0], 201)
    expect("curl makes a log table",
           make("clicks", [column("id", "BIGINT"), column("page", "STRING"),
                           column("at", "TIMESTAMP_WITH_LOCAL_TIME_ZONE")]), 201)
    expect("curl makes a table with a key",
           make("orders", [column("id", "BIGINT"), column("cents", "BIGINT")],
                primary_key=["id"]), 201)


def append(address, failures, state):
    """Appends batches under one writer; each is sent until it is acknowledged."""
    try:
        writer = json.loads(done(ask(address, "POST", "/api/v1/writers", b"")))["writer"]
        for sequence in range(BATCHES):
            first = sequence * ROWS
            table = pa.table({
                "id": pa.array(range(first, first + ROWS), pa.int64()),
                "page": pa.array([f"/p/{key}" for key in range(first, first + ROWS)]),
                "at": pa.array([key * 1000 for key in range(first, first + ROWS)],
                               pa.timestamp("ms", "UTC"))})
            path = ("/api/v1/databases/shop/tables/clicks/rows"
                    f"?writer={writer}&sequence={sequence}")
            for attempt in range(200):
                try:
                    status, _, body = ask(address, "POST", path, stream(table), ARROW)
                    if status == 200:
                        break
                    assert status in (503, 504), (status, body)
                except OSError:
                    pass
                state["retries"] += 1
                time.sleep(0.1)
            else:
                raise AssertionError(f"batch {sequence} is never acknowledged")
            state["batches"] = sequence + 1
            time.sleep(0.02)
    except BaseException as error:
        failures.append(error)
        raise


def kill_under_load(server, rounds):
    failures, state = [], {"batches": 0, "retries": 0}
    thread = threading.Thread(target=append, args=(server.address, failures, state))
    thread.start()
    for round in range(rounds):
        while state["batches"] < (round + 1) * BATCHES // (rounds + 1) and thread.is_alive():
            time.sleep(0.01)
        server.kill()
        server.start()
    thread.join()
    assert not failures, failures
    expect("batches of pyarrow that were acknowledged", state["batches"], BATCHES)
    print(f"http: kills: {rounds}, requests sent again: {state['retries']}", flush=True)


def read_clicks(address):
    total = BATCHES * ROWS
    path = "/api/v1/databases/shop/tables/clicks/rows"
    wanted = (total, sum(range(total)))
    body = done(ask(address, "GET", path, accept=ARROW))
    clicks = pa.ipc.open_stream(body).read_all()
    expect("pyarrow reads clicks", (len(clicks), sum(clicks["id"].to_pylist())), wanted)
    expect("each row is there once", len(set(clicks["id"].to_pylist())), total)
    frame = polars.read_ipc_stream(io.BytesIO(body))
    expect("polars reads clicks", (frame.height, frame["id"].sum()), wanted)
    expect("its times are times", str(frame["at"].dtype),
           "Datetime(time_unit='us', time_zone='UTC')")
    engine = duckdb.connect()
    expect("DuckDB reads clicks out of Arrow",
           engine.execute("SELECT count(*), sum(id)::BIGINT FROM clicks").fetchone(), wanted)
    lines = pandas.read_json(io.BytesIO(done(ask(address, "GET", path, accept=LINES))), lines=True)
    expect("pandas reads clicks", (len(lines), int(lines["id"].sum())), wanted)
    packages = os.path.dirname(os.path.dirname(duckdb.__file__))
    extension = glob.glob(f"{packages}/duckdb_extension_httpfs/**/*.duckdb_extension",
                          recursive=True)[0]
    engine.execute(f"LOAD '{extension}'")
    engine.execute("SET force_download = true")
    found = engine.execute(
        "SELECT count(*), sum(id)::BIGINT FROM "
        f"read_json('{address}{path}?format=ndjson', format='newline_delimited')").fetchone()
    expect("DuckDB reads clicks by address", found, wanted)
    filter = urllib.parse.quote('{"column": "id", "op": "<", "value": 10}')
    few = json.loads(done(ask(address, "GET", f"{path}?columns=id&filter={filter}")))
    expect("a filter", sorted(row["id"] for row in few), list(range(10)))
    seen, start = 0, "earliest"
    while True:
        status, headers, body = ask(
            address, "GET", path.replace("rows", f"changes?limit=700&from={start}"), accept=LINES)
        assert status == 200, body
        if not body:
            break
        seen += body.count(b"\n")
        start = headers["wavetank-next"]
    expect("changes of clicks, page by page", seen, total)


def write_orders(address):
    path = "/api/v1/databases/shop/tables/orders/rows"
    frame = polars.DataFrame({"id": range(100), "cents": [key * 10 for key in range(100)]})
    sink = io.BytesIO()
    frame.write_ndjson(sink)
    done(ask(address, "POST", path, sink.getvalue(), LINES))
    # The same as Arrow of its own kind, with views of texts, and for older readers.
    notes = polars.DataFrame({"id": range(40), "text": [f"a note of number {key}" if key % 2
                                                        else None for key in range(40)]})
    table = {"name": "notes", "schema": {"columns": [
        {"name": "id", "data_type": {"type": "BIGINT"}},
        {"name": "text", "data_type": {"type": "STRING"}}]}}
    done(ask(address, "POST", "/api/v1/databases/shop/tables", json.dumps(table).encode()))
    for level in (polars.CompatLevel.newest(), polars.CompatLevel.oldest()):
        sink = io.BytesIO()
        notes.write_ipc_stream(sink, compat_level=level)
        done(ask(address, "POST", path.replace("orders", "notes"), sink.getvalue(), ARROW))
    read = polars.read_ipc_stream(io.BytesIO(
        done(ask(address, "GET", path.replace("orders", "notes"), accept=ARROW))))
    expect("polars reads what it wrote as Arrow",
           read.sort("id").equals(polars.concat([notes, notes]).sort("id")), True)
    made = duckdb.sql("SELECT range AS id, range * 10 + 1 AS cents FROM range(50)")
    done(ask(address, "POST", path, stream(made.to_arrow_table()), ARROW))
    rows = pandas.DataFrame({"id": [100, 101], "cents": [1, None]})
    done(ask(address, "POST", path, rows.to_json(orient="records").encode()))
    keys = [{"id": 3}, {"id": 77}, {"id": 101}, {"id": 999}]
    expect("curl looks rows up",
           curl(address, path + "/lookup", "--json", json.dumps(keys))[1],
           [{"id": 3, "cents": 31}, {"id": 77, "cents": 770}, {"id": 101, "cents": None}, None])
    _, headers, _ = ask(address, "GET", path)
    offsets = headers["wavetank-offsets"]
    expect("curl deletes a row",
           curl(address, path + "/delete", "--json", '{"id": 3}')[1]["rows"], 1)
    then = json.loads(done(ask(address, "GET", f"{path}?offsets={offsets}")))
    now = json.loads(done(ask(address, "GET", path)))
    expect("rows as of before, and now", (len(then), len(now)), (102, 101))


def query(address):
    """What SQL says of the orders, as JSON, a line each, and Arrow."""
    def body(text, **more):
        return json.dumps({"query": text, **more}).encode()

    sums = "SELECT count(*) AS n, sum(cents) AS cents FROM shop.orders WHERE id < ?"
    rows = json.loads(done(ask(address, "GET", "/api/v1/databases/shop/tables/orders/rows")))
    small = [row["cents"] for row in rows if row["id"] < 50]
    expect("SQL counts and sums",
           json.loads(done(ask(address, "POST", "/api/v1/sql", body(sums, parameters=[50])))),
           [{"n": len(small), "cents": sum(small)}])
    text = "SELECT o.id, o.cents FROM orders o JOIN notes n USING (id) ORDER BY 1 DESC"
    found = pa.ipc.open_stream(
        done(ask(address, "POST", "/api/v1/sql", body(text), accept=ARROW))).read_all()
    lines = done(ask(address, "POST", "/api/v1/sql", body(text), accept=LINES)).splitlines()
    expect("pyarrow reads what SQL answers",
           found.to_pylist() == [json.loads(line) for line in lines], True)
    assert found.num_rows > 0 and found.schema.types == [pa.int64(), pa.int64()], found
    counted = duckdb.sql("SELECT count(*), min(id) FROM found").fetchone()
    expect("DuckDB goes on with it", counted, (len(lines), min(found["id"].to_pylist())))


def refuse(address):
    for method, path, body, status in [
            ("GET", "/api/v1/databases/none", None, 404),
            ("POST", "/api/v1/databases/shop/tables/orders/rows", b"{", 400),
            ("POST", "/api/v1/databases/shop/tables/orders/rows", b'{"id": "x"}', 422),
            ("POST", "/api/v1/databases/shop/tables/orders/rows", b" " * (17 << 20), 413),
            ("DELETE", "/api/v1/databases/shop", None, 409),
            ("POST", "/api/v1/sql", b'{"query": "DELETE FROM orders"}', 422),
            ("POST", "/api/v1/sql", b'{"query": "SELECT * FROM oders"}', 422),
            ("PUT", "/api/v1/databases", b"", 405)]:
        found = ask(address, method, path, body)
        expect(f"{method} {path}", found[0], status)
        assert found[1]["content-type"] == "application/problem+json", found


def fuzz(address, program, work, what, *arguments):
    """Asks what the description allows, and what it does not, for a minute."""
    shown = subprocess.run(
        [program, *arguments[:2], "run", address + "/openapi.json", "--checks", CHECKS,
         "--max-time", "60", "--phases", "coverage,fuzzing", "--seed", "1", "--request-timeout",
         "40", "--continue-on-failure", "--no-color", *arguments[2:]],
        capture_output=True, text=True, timeout=400, cwd=work)
    if shown.returncode != 0:
        print(shown.stdout[-8000:], shown.stderr[-2000:])
        raise AssertionError("schemathesis found something")
    found = re.search(r"(\d+) generated, \d+ passed.*", shown.stdout).group()
    print(f"http: schemathesis, {what}: {found}", flush=True)


def fuzz_all(address, program, work):
    # One table that is there, so that requests come as far as its rows; then any names, which can
    # hit what is there, too.
    done(ask(address, "POST", "/api/v1/databases", b'{"name": "fuzz"}'))
    columns = [{"name": name, "data_type": {"type": type}} for name, type in
               [("id", "BIGINT"), ("note", "STRING"), ("at", "TIMESTAMP_WITHOUT_TIME_ZONE")]]
    table = {"name": "rows", "schema": {"columns": columns, "primary_key": ["id"]}}
    done(ask(address, "POST", "/api/v1/databases/fuzz/tables", json.dumps(table).encode()))
    with open(work + "/fixed.toml", "w") as file:
        file.write('[parameters]\ndatabase = "fuzz"\ntable = "rows"\n')
    fuzz(address, program, work, "one table", "--config-file", work + "/fixed.toml",
         "--exclude-operation-id", "dropTable", "--exclude-operation-id", "dropDatabase",
         "--exclude-operation-id", "alterTable", "--exclude-operation-id", "createTable")
    open(work + "/free.toml", "w").close()
    fuzz(address, program, work, "any names", "--config-file", work + "/free.toml")


def main(program, schemathesis, rounds):
    work = tempfile.mkdtemp()
    server = served.Server(program, work)
    try:
        make_tables(server.address)
        kill_under_load(server, rounds)
        read_clicks(server.address)
        write_orders(server.address)
        query(server.address)
        server.kill()
        server.start()
        read_clicks(server.address)
        refuse(server.address)
        fuzz_all(server.address, schemathesis, work)
        expect("health", ask(server.address, "GET", "/health")[2], b"ok\n")
        assert server.process.poll() is None, "the server ended"
        print("1 passed, 0 failed")
    except BaseException:
        server.show_log()
        raise
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)


main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3]))
