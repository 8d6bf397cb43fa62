"""A cluster of three processes under kill -9, seen by a Fluss client that knows nothing of it.

python ci/cluster.py WAVETANK WEED ROUNDS: starts etcd, SeaweedFS and three servers on loopback,
lets a client write without a pause, moves buckets about by wavetank admin, kills one process a
round and starts it again, and at the end holds what was acknowledged against what is read. All is
ended by its own id.
"""

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import fluss
import pyarrow as pa

from served import port, wait_for

WAVETANK, WEED = [os.path.abspath(path) for path in sys.argv[1:3]]
ROUNDS = int(sys.argv[3])
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret",
        "AWS_REGION": "us-east-1"}
DATABASE = "shop"
started = []


def start(arguments, log, **more):
    process = subprocess.Popen(arguments, stdout=log, stderr=log, **more)
    started.append(process)
    return process


class Cluster:
    def __init__(self, work):
        self.work = work
        self.log = open(work + "/log", "w")
        client, peer = port(2), port()
        self.etcd = f"http://127.0.0.1:{client}"
        etcd = start(
            ["etcd", "--data-dir", work + "/etcd", "--listen-client-urls", self.etcd,
             "--advertise-client-urls", self.etcd, "--listen-peer-urls", f"http://127.0.0.1:{peer}",
             "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}", "--initial-cluster",
             f"default=http://127.0.0.1:{peer}", "--log-level", "error"], self.log)
        with open(work + "/s3.json", "w") as file:
            file.write('{"identities": [{"name": "tests", "credentials": [{"accessKey": "testing", '
                       '"secretKey": "testing-secret"}], "actions": ["Admin"]}]}')
        os.mkdir(work + "/weed")
        s3 = port()
        weed = start(
            [WEED, "server", "-dir", work + "/weed", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
             f"-master.port={port()}", f"-volume.port={port()}", f"-filer.port={port()}", "-filer",
             "-s3", f"-s3.port={s3}", f"-s3.config={work}/s3.json",
             "-master.volumeSizeLimitMB=64"], self.log, cwd=work)
        wait_for(client, etcd)
        wait_for(s3, weed)
        self.store = f"http://127.0.0.1:{s3}/lake"
        self.ports = [port(2) for _ in range(3)]
        self.web_ports = [port() for _ in range(3)]
        self.processes = [None] * 3
        self.make_bucket(s3)
        for number in range(3):
            self.serve(number)

    def make_bucket(self, s3):
        """Makes the bucket, and waits until SeaweedFS has a volume for an object in it."""
        for path in ("/lake", "/lake/ready"):
            for _ in range(60):
                done = subprocess.run(
                    [sys.executable, "-c", SIGNED_PUT, str(s3), path], stderr=subprocess.DEVNULL)
                if done.returncode == 0:
                    break
                time.sleep(0.5)
            else:
                raise SystemExit(f"SeaweedFS does not take {path}")

    def serve(self, number):
        folder = f"{self.work}/server-{number + 1}"
        self.processes[number] = start(
            [WAVETANK, "serve", "--data", folder, "--listen", f"127.0.0.1:{self.ports[number]}",
             "--servers", "3", "--number", str(number + 1), "--etcd", self.etcd,
             "--s3", self.store, "--http", str(self.web_ports[number])], self.log,
            env=dict(os.environ, **KEYS))

    def ready(self, number):
        wait_for(self.ports[number], self.processes[number])

    def kill(self, number):
        self.processes[number].send_signal(signal.SIGKILL)
        self.processes[number].wait()

    def stop(self, number):
        self.processes[number].terminate()
        self.processes[number].wait(30)


SIGNED_PUT = """
import datetime, hashlib, hmac, sys, urllib.request
port, path = sys.argv[1:3]
now = datetime.datetime.utcnow().strftime("%Y%m%dT%H%M%SZ")
day, empty = now[:8], hashlib.sha256(b"").hexdigest()
host = f"127.0.0.1:{port}"
names = "host;x-amz-content-sha256;x-amz-date"
canonical = "\\n".join(["PUT", path, "", f"host:{host}", f"x-amz-content-sha256:{empty}",
                        f"x-amz-date:{now}", "", names, empty])
scope = f"{day}/us-east-1/s3/aws4_request"
text = "\\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
key = b"AWS4testing-secret"
for part in (day, "us-east-1", "s3", "aws4_request"):
    key = hmac.new(key, part.encode(), "sha256").digest()
signature = hmac.new(key, text.encode(), "sha256").hexdigest()
request = urllib.request.Request(f"http://{host}{path}", method="PUT", headers={
    "x-amz-content-sha256": empty, "x-amz-date": now, "authorization":
    f"AWS4-HMAC-SHA256 Credential=testing/{scope},SignedHeaders={names},Signature={signature}"})
try:
    urllib.request.urlopen(request, timeout=5)
except urllib.error.HTTPError as error:
    sys.exit(0 if error.code == 409 else 1)
"""


async def connect(cluster):
    """A server that was just started takes a moment to elect its leaders."""
    servers = ",".join(f"127.0.0.1:{number}" for number in cluster.ports)
    for _ in range(120):
        try:
            return await fluss.FlussConnection.create(
                fluss.Config({"bootstrap.servers": servers}))
        except fluss.FlussError:
            await asyncio.sleep(0.5)
    raise SystemExit("no server answers a client")


async def make_tables(connection):
    admin = connection.get_admin()
    if hasattr(admin, "__await__"):
        admin = await admin
    log = fluss.Schema(pa.schema([pa.field("id", pa.int64()), pa.field("page", pa.string())]))
    rows = fluss.Schema(pa.schema([pa.field("id", pa.int64()), pa.field("cents", pa.int64())]),
                        primary_keys=["id"])
    await admin.create_database(DATABASE, ignore_if_exists=True)
    for name, schema, buckets in [("clicks", log, 1), ("orders", rows, 3)]:
        descriptor = fluss.TableDescriptor(schema, bucket_count=buckets)
        for _ in range(60):
            try:
                await admin.create_database(DATABASE, ignore_if_exists=True)
                await admin.create_table(
                    fluss.TablePath(DATABASE, name), descriptor, ignore_if_exists=True)
                break
            except fluss.FlussError:
                await asyncio.sleep(0.5)


class Writer:
    """Writes without a pause; what was flushed without an error is acknowledged."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.clicks, self.orders = set(), {}
        self.doubtful_clicks, self.doubtful_orders = set(), {}
        self.next, self.stopped, self.errors = 1, False, 0
        self.longest = 0.0

    async def run(self):
        connection = append = upsert = None
        last = time.monotonic()
        while not self.stopped:
            first, self.next = self.next, self.next + 20
            clicks = list(range(first, first + 20))
            orders = {key % 200: key for key in clicks}
            try:
                if connection is None:
                    connection = await connect(self.cluster)
                    tables = [await connection.get_table(fluss.TablePath(DATABASE, name))
                              for name in ("clicks", "orders")]
                    append = tables[0].new_append().create_writer()
                    upsert = tables[1].new_upsert().create_writer()
                for key in clicks:
                    append.append({"id": key, "page": f"/p/{key}"})
                await asyncio.wait_for(append.flush(), 30)
                self.clicks.update(clicks)
                clicks = []
                for key, cents in orders.items():
                    upsert.upsert({"id": key, "cents": cents})
                await asyncio.wait_for(upsert.flush(), 30)
                for key, cents in orders.items():
                    self.orders[key] = cents
                    self.doubtful_orders.pop(key, None)
                self.longest = max(self.longest, time.monotonic() - last)
                last = time.monotonic()
            except (fluss.FlussError, asyncio.TimeoutError) as error:
                self.errors += 1
                print(f"cluster: the client was told: {error!r}"[:160], flush=True)
                self.doubtful_clicks.update(clicks)
                for key, cents in orders.items():
                    self.doubtful_orders.setdefault(key, set()).add(cents)
                connection = None
                await asyncio.sleep(0.2)


async def check(cluster, writer):
    connection = await connect(cluster)
    clicks, orders = [await connection.get_table(fluss.TablePath(DATABASE, name))
                      for name in ("clicks", "orders")]
    scanner = await clicks.new_scan().create_log_scanner()
    scanner.subscribe(bucket_id=0, start_offset=0)
    found, idle = [], 0
    while idle < 5:
        records = await scanner.poll(1000)
        got = [(record.offset, record.row["id"]) for record in records]
        idle = 0 if got else idle + 1
        found += got
    assert [offset for offset, _ in found] == list(range(len(found))), "offsets have gaps"
    ids = [key for _, key in found]
    lost = writer.clicks - set(ids)
    assert not lost, f"{len(lost)} acknowledged clicks are lost, such as {min(lost)}"
    assert set(ids) <= writer.clicks | writer.doubtful_clicks, "rows that nobody wrote"
    twice = len(ids) - len(set(ids))
    assert twice == 0, f"{twice} clicks are there twice"
    lookuper = orders.new_lookup().create_lookuper()
    for key, cents in sorted(writer.orders.items()):
        row = await lookuper.lookup({"id": key})
        allowed = {cents} | writer.doubtful_orders.get(key, set())
        assert row and row["cents"] in allowed, f"order {key} is {row}, not {cents}"
    print(f"cluster: {len(writer.clicks)} clicks and {len(writer.orders)} orders are as "
          f"acknowledged, {len(writer.doubtful_clicks)} clicks were in doubt")


class Operator:
    """Asks and changes the cluster by `wavetank admin`, at any of its processes."""

    table = f"/api/v1/databases/{DATABASE}/tables/stock"

    def __init__(self, cluster):
        self.addresses = [f"http://127.0.0.1:{number}" for number in cluster.web_ports]
        self.asked = 0

    def run(self, *words):
        self.asked += 1
        at = self.addresses[self.asked % len(self.addresses)]
        return subprocess.run([WAVETANK, "admin", *words, "--at", at, "--json"],
                              capture_output=True, text=True, timeout=60)

    def admin(self, *words):
        done = self.run(*words)
        assert done.returncode == 0, (words, done.stderr)
        return json.loads(done.stdout)

    def refused(self, reason, *words):
        done = self.run(*words)
        assert done.returncode == 3 and reason in done.stderr, (words, done)

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.addresses[0] + path, None if body is None else json.dumps(body).encode(),
            {"content-type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def make_table(self):
        """Two partitions of three buckets with one replica each, and a row in some."""
        self.call("POST", f"/api/v1/databases/{DATABASE}/tables", {
            "name": "stock", "bucket_count": 3, "partition_key": ["shop"],
            "properties": {"table.replication.factor": "1", "table.datalake.enabled": "false"},
            "schema": {"primary_key": ["shop", "id"], "columns": [
                {"name": "shop", "data_type": {"type": "STRING", "nullable": False}},
                {"name": "id", "data_type": {"type": "INTEGER", "nullable": False}}]}})
        rows = [{"shop": shop, "id": key} for shop in ("east", "west") for key in range(30)]
        self.call("POST", self.table + "/rows", rows)

    def rows(self):
        return len(self.call("GET", self.table + "/rows?limit=1000"))

    def buckets(self):
        """Those of the table, by partition and number."""
        return {(bucket["partition"], bucket["bucket"]): bucket
                for bucket in self.admin("buckets")["buckets"] if bucket["table"] == "stock"}

    def until(self, what, condition, seconds=120):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.3)
        raise AssertionError(f"{what}: not after {seconds} s; {self.admin('buckets')}")

    def operate(self):
        self.make_table()
        parts = [part for part in self.admin("partitions")["partitions"]
                 if part["table"] == "stock"]
        assert [(part["partition"], part["buckets"]) for part in parts] == [
            ("east", 3), ("west", 3)], parts
        for (partition, number), bucket in sorted(self.buckets().items()):
            told = self.admin("reassign", f"{DATABASE}.stock", str(number), "--partition",
                              partition, "--replicas", "2")
            assert (told["table"], told["partition"], told["bucket"]) == (
                "stock", partition, number), told
        self.until("all are on server-2", lambda: all(
            bucket["replicas"] == ["server-2"] and bucket["leader"] == "server-2"
            and bucket["movingTo"] is None for bucket in self.buckets().values()))
        assert self.rows() == 60
        told = self.admin("reassign", f"{DATABASE}.stock", "0", "--partition", "east", "--cancel")
        assert told["movingTo"] is None and told["replicas"] == ["server-2"], told
        name = f"{DATABASE}.stock"
        self.refused("server-9", "reassign", name, "0", "--partition", "east", "--replicas", "9")
        self.refused("north", "reassign", name, "0", "--partition", "north", "--replicas", "1")
        self.refused("no bucket 3", "reassign", name, "3", "--partition", "east", "--replicas", "1")
        lags = [lag for lag in self.admin("lag")["lags"] if lag["table"] == "stock"]
        assert len(lags) == 6 and all(lag["behind"] == [] for lag in lags), lags
        assert sum(lag["highWatermark"] for lag in lags) == 60, lags
        self.rebalance()
        assert self.rows() == 60
        print(f"cluster: 6 buckets were reassigned and rebalanced by {self.asked} calls of "
              "wavetank admin", flush=True)

    def rebalance(self):
        self.refused("never rebalanced", "rebalance", "--progress")
        begun = self.admin("rebalance")
        assert begun["goals"] == ["REPLICA_DISTRIBUTION", "LEADER_DISTRIBUTION"], begun
        last = {}

        def is_over():
            last.update(self.admin("rebalance", "--progress"))
            assert last["identifier"] == begun["identifier"], last
            return last["status"] != "REBALANCING"

        self.until("the rebalance is over", is_over)
        assert last["status"] == "COMPLETED" and last["completed"] == len(last["moves"]), last
        assert sum(move["table"] == "stock" for move in last["moves"]) >= 4, last
        held = [bucket["replicas"][0] for bucket in self.buckets().values()]
        leaders = self.admin("leaders")["leaders"]
        counts = leaders["servers"].values()
        assert max(counts) - min(counts) <= 1 and not leaders["withoutLeader"], leaders
        assert len(set(held)) == 3, held
        self.refused("", "rebalance", "--cancel")


async def main(work):
    cluster = Cluster(work)
    for number in range(3):
        cluster.ready(number)
    await make_tables(await connect(cluster))
    writer = Writer(cluster)
    task = asyncio.create_task(writer.run())
    await asyncio.sleep(3)
    await asyncio.to_thread(Operator(cluster).operate)
    for round in range(ROUNDS):
        victim = random.randrange(3)
        before = len(writer.clicks)
        cluster.kill(victim)
        await asyncio.sleep(random.uniform(1, 8))
        cluster.serve(victim)
        await asyncio.to_thread(cluster.ready, victim)
        deadline = time.monotonic() + 60
        while len(writer.clicks) < before + 100 and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert len(writer.clicks) >= before + 100, "no write was acknowledged in a minute"
        print(f"cluster: round {round + 1}, server-{victim + 1} killed, "
              f"{len(writer.clicks)} clicks acknowledged", flush=True)
    # A server that is told to stop hands over at once.
    before = time.monotonic()
    await asyncio.to_thread(cluster.stop, 0)
    count = len(writer.clicks)
    while len(writer.clicks) < count + 100:
        await asyncio.sleep(0.05)
        assert time.monotonic() < before + 60, "no write after a server was told to stop"
    print(f"cluster: writes went on {time.monotonic() - before:.1f} s after a server was told to "
          "stop")
    cluster.serve(0)
    await asyncio.to_thread(cluster.ready, 0)
    writer.stopped = True
    await task
    await check(cluster, writer)
    print(f"cluster: {ROUNDS} kills, longest wait for an acknowledgement {writer.longest:.1f} s, "
          f"{writer.errors} errors told to the client")
    print("1 passed, 0 failed")


work = tempfile.mkdtemp()
try:
    asyncio.run(asyncio.wait_for(main(work), 2900))
except BaseException:
    with open(work + "/log") as file:
        sys.stderr.write(file.read()[-6000:])
    raise
finally:
    for process in reversed(started):
        if process.poll() is None:
            process.kill()
            process.wait()
    shutil.rmtree(work, ignore_errors=True)
