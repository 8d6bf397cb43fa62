"""A table of a served process is kept in vector databases by wavetank sink, all of them killed.

python ci/sinks.py contract COMMAND...: runs the tests of the contract of vector services, told by
the environment where both are.

python ci/sinks.py WAVETANK ROUNDS [milvus] [qdrant]: rows are written, changed and deleted all the
while. The sink, the served process and the database are killed with SIGKILL ROUNDS times at random
moments and started again; in the end the collection is the table, point by point.

Milvus 2.3.5 is the real server. Of Qdrant there is no server to be had: its core (qdrant-edge-py)
stands behind ci/sinks-qdrant.py, which speaks as much of Qdrant's REST as the sink says.
"""

import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import served

KEYS = 300
DIMENSION = 8


def ask(method, url, body=None, timeout=60):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url, data, {"content-type": "application/json"} if data else {}, method=method)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.loads(answer.read() or b"null")


def rounded(vector):
    """The elements as a float of 32 bits has them."""
    return list(struct.unpack(f"{len(vector)}f", struct.pack(f"{len(vector)}f", *vector)))


class Process:
    """A program that can be killed, and started again."""

    def __init__(self, command, log, folder=None, **environment):
        self.command = command
        self.log = log
        self.folder = folder
        self.environment = dict(os.environ, **environment)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=self.log, stderr=self.log, env=self.environment,
            cwd=self.folder)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Milvus:
    """The real server, standalone, with its own etcd and queue inside."""

    name = "milvus"

    def __init__(self, work, log):
        # The package unpacks and configures the server: started by it once, then by us, so that
        # what is killed here is the server itself, on the same folder and ports.
        from milvus import MilvusServer
        server = MilvusServer(wait_for_started=False)
        folder = work + "/milvus"
        server.set_base_dir(folder)
        server.start()
        self.address = f"http://127.0.0.1:{server.listen_port}"
        self.management = f"http://127.0.0.1:{server.webservice_port}"
        server.server_proc.kill()
        server.server_proc.wait()
        program = server.get_milvus_executable_path()
        self.process = Process(
            [program, "run", "standalone"], log, folder, DEPLOY_MODE="STANDALONE",
            METRICS_PORT=str(server.webservice_port), MILVUS_RUN_DIR=folder + "/run",
            LD_LIBRARY_PATH=os.path.dirname(program))
        self.to = "milvus+" + self.address

    def ready(self):
        answer = ask("GET", self.address + "/v1/vector/collections", timeout=3)
        return answer["code"] == 200

    def query(self, key):
        return ask("POST", self.address + "/v1/vector/query", {
            "collectionName": "shop_items", "limit": 1000, "outputFields": ["*"],
            "filter": f"id >= {key} and id < {key + 50}"})

    def points(self):
        """All points by their keys: version, vector, price."""
        time.sleep(8)  # a query over REST is that much behind
        # A server that was killed takes a moment to load what it had loaded.
        wait("milvus has loaded the collection", lambda: self.query(0)["code"] == 200, 120)
        found = {}
        for key in range(0, KEYS, 50):
            answer = self.query(key)
            assert answer["code"] == 200, answer
            for row in answer["data"]:
                assert row["id"] not in found, f"two points of key {row['id']}"
                found[row["id"]] = (int(row["wavetank_version"]), rounded(row["vector"]),
                                    row.get("price"))
        return found


class Qdrant:
    """Qdrant's core behind a small server of ours."""

    name = "qdrant"

    def __init__(self, work, log):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sinks-qdrant.py")
        self.process = Process(
            [sys.executable, script, str(port), work + "/qdrant"], log)
        self.management = None
        self.to = "qdrant+" + self.address

    def ready(self):
        return ask("GET", self.address + "/collections", timeout=3)["status"] == "ok"

    def points(self):
        answer = ask("POST", self.address + "/collections/shop_items/points/scroll",
                     {"limit": 100_000, "with_payload": True, "with_vector": True})
        return {point["payload"]["id"]: (point["payload"]["wavetank_version"],
                                         rounded(point["vector"]), point["payload"].get("price"))
                for point in answer["result"]["points"]}


class Table:
    """A table of a served process, written by a thread for as long as it is wanted."""

    path = "/api/v1/databases/shop/tables/items"

    def __init__(self, server, draw):
        self.server = server
        self.draw = draw
        self.written = 0
        self.is_over = False
        ask("POST", server.address + "/api/v1/databases", {"name": "shop"})
        column = lambda name, type, **more: {
            "name": name, "data_type": dict({"type": type}, **more)}
        ask("POST", server.address + "/api/v1/databases/shop/tables", {
            "name": "items",
            "schema": {"columns": [
                {"name": "id", "data_type": {"type": "BIGINT", "nullable": False}},
                column("price", "INTEGER"),
                column("image", "ARRAY", element_type={"type": "FLOAT"})],
                "primary_key": ["id"]},
            "bucket_count": 2,
            "properties": {"table.datalake.enabled": "false",
                           "table.vector-index.column": "image",
                           "table.vector-index.dimension": str(DIMENSION),
                           "table.vector-index.filter-columns": "price"}})
        self.thread = threading.Thread(target=self.write, daemon=True)
        self.thread.start()

    def write(self):
        while not self.is_over:
            keys = self.draw.sample(range(KEYS), self.draw.randint(1, 30))
            if self.draw.random() < 0.25:
                path, rows = "/rows/delete", [{"id": key} for key in keys]
            else:
                path = "/rows"
                rows = [{"id": key, "price": self.draw.randint(1, 999),
                         "image": None if self.draw.random() < 0.05 else
                         [round(self.draw.uniform(-1, 1), 3) for _ in range(DIMENSION)]}
                        for key in keys]
            while not self.is_over:
                try:
                    ask("POST", self.server.address + self.path + path, rows)
                    self.written += len(rows)
                    break
                except OSError:
                    time.sleep(0.1)
            time.sleep(0.05)

    def stop(self):
        self.is_over = True
        self.thread.join(60)

    def points(self):
        """What a service should have."""
        with urllib.request.urlopen(
                self.server.address + self.path + "/changes?format=ndjson&limit=1000000",
                timeout=120) as answer:
            changes = [json.loads(line) for line in answer.read().splitlines()]
        found = {}
        for change in changes:
            if change["__change"] in ("+I", "+U") and change["image"] is not None:
                found[change["id"]] = (change["__offset"], rounded(change["image"]),
                                       change["price"])
            elif change["__change"] != "-U":
                found.pop(change["id"], None)
        return found


def wait(what, condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except (OSError, ValueError, KeyError):
            pass
        time.sleep(0.2)
    raise AssertionError(f"{what}: not after {seconds} s")


def confirmed(work):
    """How many changes are confirmed, as the sink notes it."""
    if not os.path.exists(work + "/items.sink"):
        return 0
    with open(work + "/items.sink") as file:
        return sum(bucket["confirmed"] for bucket in json.load(file)["buckets"])


def run(program, rounds, make):
    work = tempfile.mkdtemp(prefix="wavetank-sinks-")
    draw = random.Random(rounds)
    log = open(work + "/log.txt", "a+")
    server = served.Server(program, work)
    database = sink = None
    try:
        database = make(work, log)
        wait(f"{database.name} answers", database.ready, 120)
        table = Table(server, draw)
        command = [program, "sink", "--table", "shop.items", "--to", database.to, "--from",
                   server.address, "--state", work + "/items.sink"]
        if database.management:
            command += ["--management", database.management]
        sink = Process(command + ["--follow"], log)
        killed = []
        for number in range(rounds):
            # Every other time something has to have arrived since: else nothing would but in the
            # end, since a sink that begins anew waits first, and Milvus takes a while to start.
            if number % 2 == 1:
                before = confirmed(work)
                wait("something more is confirmed", lambda: confirmed(work) > before, 120)
            time.sleep(draw.uniform(0, 9))
            victim = draw.choice(["sink", "sink", "database", "database", "server"])
            killed.append(victim)
            if victim == "sink":
                assert sink.process.poll() is None, "the sink has ended by itself"
                sink.kill()
                time.sleep(draw.uniform(0, 1))
                sink.start()
            elif victim == "database":
                database.process.kill()
                time.sleep(draw.uniform(0, 2))
                database.process.start()
            else:
                server.kill()
                server.start()
        time.sleep(3)
        table.stop()
        wait(f"{database.name} answers", database.ready, 120)
        assert sink.process.poll() is None, "the sink has ended by itself"
        sink.kill()
        end = subprocess.run(command + ["--json"], capture_output=True, text=True, timeout=300)
        assert end.returncode == 0, end.stderr
        expected, found = table.points(), database.points()
        differing = [key for key in sorted(set(expected) | set(found))
                     if expected.get(key) != found.get(key)]
        assert not differing, (
            f"{len(differing)} of {len(expected)} points differ, such as key {differing[0]}: the "
            f"table has {expected.get(differing[0])}, the service {found.get(differing[0])}")
        print(f"{database.name}: {len(found)} points are the table after {table.written} changes "
              f"and {rounds} kills ({', '.join(killed)}); {json.loads(end.stdout)}", flush=True)
    except BaseException:
        log.seek(0)
        sys.stderr.write(log.read()[-6000:])
        server.show_log()
        raise
    finally:
        for process in (sink, database and database.process):
            if process:
                process.kill()
        server.stop()


def contract(command):
    work = tempfile.mkdtemp(prefix="wavetank-sinks-")
    databases = []
    try:
        with open(work + "/log.txt", "a") as log:
            for make in (Milvus, Qdrant):
                databases.append(make(work, log))
        for database in databases:
            wait(f"{database.name} answers", database.ready, 120)
        milvus, qdrant = databases
        subprocess.run(command, check=True, timeout=900, env=dict(
            os.environ, WAVETANK_TEST_MILVUS=milvus.address,
            WAVETANK_TEST_MILVUS_MANAGEMENT=milvus.management,
            WAVETANK_TEST_QDRANT=qdrant.address))
    finally:
        for database in databases:
            database.process.kill()


def main():
    if sys.argv[1] == "contract":
        return contract(sys.argv[2:])
    program, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    wanted = sys.argv[3:] or ["milvus", "qdrant"]
    for make in (Milvus, Qdrant):
        if make.name in wanted:
            run(program, rounds, make)


main()
