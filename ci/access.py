"""Who may come into a served cluster, and what he may do: python ci/access.py PROGRAM."""

import asyncio
import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

import fluss
import pyarrow as pa

USERS = {"admin": "admin secret", "alice": "alice: secret", "bob": "bob secret"}
CONFIGURATION = """\
listen: 127.0.0.1:{port}
http: {http}
data: data
users:
  - {{ name: admin, passwordFile: admin.txt, token: admin-token }}
  - {{ name: alice, password: "alice: secret" }}
  - {{ name: bob, password: bob secret }}
authorization: true
superUsers: [User:admin]
access:
  - {{ principal: User:alice, resource: cluster.shop, operations: [READ, WRITE, CREATE] }}
quotas:
  - {{ client: User:bob, requests: 5 }}
"""


def free_ports():
    while True:
        with socket.socket() as a, socket.socket() as b, socket.socket() as c:
            a.bind(("127.0.0.1", 0))
            c.bind(("127.0.0.1", 0))
            port = a.getsockname()[1]
            try:
                b.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port, c.getsockname()[1]


class Server:
    running = []

    def __init__(self, program, folder, extra=""):
        self.program, self.folder = program, folder
        self.port, self.http = free_ports()
        with open(f"{folder}/admin.txt", "w") as file:
            file.write(USERS["admin"] + "\n")
        self.config = f"{folder}/serve.yaml"
        with open(self.config, "w") as file:
            file.write(CONFIGURATION.format(port=self.port, http=self.http) + extra)
        os.chmod(self.config, 0o600)
        self.log = open(f"{folder}/log", "a+")

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--config", self.config], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)
        Server.running.append(self.process)
        deadline = time.time() + 30
        while time.time() < deadline:
            with open(f"{self.folder}/log") as file:
                if "serving Fluss clients" in file.read():
                    return
            time.sleep(0.1)
        raise SystemExit(f"it does not serve: see {self.folder}/log")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.truncate(0)

    def stop(self):
        self.process.terminate()
        assert self.process.wait() == 0

    async def connect(self, user, password=None):
        return await fluss.FlussConnection.create(fluss.Config({
            "bootstrap.servers": f"127.0.0.1:{self.port}", "security.protocol": "sasl",
            "security.sasl.mechanism": "PLAIN", "security.sasl.username": user,
            "security.sasl.password": password or USERS[user]}))

    def curl(self, *words, scheme="http"):
        """The status and the body of an answer."""
        words = list(words)
        path = words.pop()
        result = subprocess.run(
            ["curl", "-sS", "-w", "\n%{http_code}", *words,
             f"{scheme}://127.0.0.1:{self.http}{path}"], capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        body, status = result.stdout.rsplit("\n", 1)
        return int(status), body


async def code(awaitable):
    """The code of a refusal; None if there is none."""
    try:
        await awaitable
        return None
    except fluss.FlussError as error:
        return error.error_code


async def admin_of(connection):
    admin = connection.get_admin()
    return await admin if hasattr(admin, "__await__") else admin


SCHEMA = pa.schema([pa.field("id", pa.int32()), pa.field("note", pa.string())])


async def fluss_clients(server):
    for user, password in [("alice", "guess-me"), ("nobody", "x"), ("bob", "alice: secret")]:
        assert await code(server.connect(user, password)) == 46, user
    plain = fluss.Config({"bootstrap.servers": f"127.0.0.1:{server.port}"})
    assert await code(fluss.FlussConnection.create(plain)) == 46
    admin = await admin_of(await server.connect("admin"))
    await admin.create_database("shop", ignore_if_exists=True)
    await admin.create_database("hidden", ignore_if_exists=True)
    alice = await server.connect("alice")
    hers = await admin_of(alice)
    path = fluss.TablePath("shop", "notes")
    descriptor = fluss.TableDescriptor(fluss.Schema(SCHEMA), bucket_count=1)
    await hers.create_table(path, descriptor, ignore_if_exists=True)
    hidden = fluss.TablePath("hidden", "notes")
    assert await code(hers.create_table(hidden, descriptor)) == 48
    assert await code(hers.create_database("mine")) == 48
    assert await code(hers.drop_table(path)) == 48
    assert await hers.list_databases() == ["shop"]
    writer = (await alice.get_table(path)).new_append().create_writer()
    writer.write_arrow(pa.table({"id": pa.array([1, 2], pa.int32()), "note": ["a", "b"]}, SCHEMA))
    await writer.flush()
    bob = await admin_of(await server.connect("bob"))
    assert await bob.list_databases() == []
    start = time.time()
    for _ in range(20):
        await bob.list_databases()
    assert time.time() - start > 2, "bob has five requests a second"
    start = time.time()
    for _ in range(20):
        await hers.list_databases()
    assert time.time() - start < 2, "alice has as many as she likes"


def http_clients(server):
    rows = "/api/v1/databases/shop/tables/notes/rows"
    alice, bob = f"alice:{USERS['alice']}", f"bob:{USERS['bob']}"
    assert server.curl("/health")[0] == 200
    assert server.curl(rows)[0] == 401
    assert server.curl("-u", "alice:guess-me", rows)[0] == 401
    status, body = server.curl("-u", alice, rows)
    assert status == 200 and len(json.loads(body)) >= 2, body
    assert server.curl("-u", bob, rows)[0] == 403
    assert server.curl("-u", alice, "-X", "DELETE", rows.removesuffix("/rows"))[0] == 403
    assert server.curl("-H", "authorization: Bearer admin-token", "/metrics")[0] == 200
    assert server.curl("-u", alice, "/metrics")[0] == 403
    question = json.dumps({"query": "SELECT count(*) AS n FROM shop.notes"})
    assert server.curl("-u", alice, "--json", question, "/api/v1/sql")[0] == 200
    assert server.curl("-u", bob, "--json", question, "/api/v1/sql")[0] == 422
    # A client of S3 that signs with name and password.
    sign = ["--aws-sigv4", "aws:amz:us-east-1:s3", "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
    for user, expected in [(alice, 404), (bob, 403), ("alice:guess-me", 401)]:
        status, body = server.curl(*sign, "-u", user, "/warehouse/shop/notes/data/none.parquet")
        assert status == expected, (user, status, body)
    environment = dict(os.environ, WAVETANK_PASSWORD=USERS["admin"])
    told = subprocess.run(
        [server.program, "admin", "tables", "--at", f"http://127.0.0.1:{server.http}", "--user",
         "admin"], env=environment, capture_output=True, text=True)
    assert "notes" in told.stdout, told


def with_tls(program, folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=wavetank", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", f"{folder}/key.pem", "-out", f"{folder}/chain.pem"],
        check=True, capture_output=True)
    server = Server(program, folder, "tls: { certificate: chain.pem, key: key.pem }\n")
    server.start()
    trust = ["--cacert", f"{folder}/chain.pem"]
    assert server.curl(*trust, "/health", scheme="https")[0] == 200
    assert server.curl(*trust, "-u", f"alice:{USERS['alice']}", "/api/v1/databases",
                       scheme="https")[0] == 200
    refused = subprocess.run(["curl", "-sS", f"https://127.0.0.1:{server.http}/health"],
                             capture_output=True)
    assert refused.returncode == 60, "who does not trust the certificate goes away"
    plain = subprocess.run(["curl", "-sS", f"http://127.0.0.1:{server.http}/health"],
                           capture_output=True)
    assert plain.returncode != 0, "nobody is served without TLS"
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile",
         f"{folder}/chain.pem", "-verify_return_error", "-brief"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True)
    assert "Verification: OK" in shown.stderr and "TLSv1.3" in shown.stderr, shown.stderr
    old = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_1"],
        stdin=subprocess.DEVNULL, capture_output=True)
    assert old.returncode != 0, "nothing older than TLS 1.2 is spoken"
    context = ssl.create_default_context(cafile=f"{folder}/chain.pem")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        with context.wrap_socket(connection, server_hostname="127.0.0.1") as secure:
            # API_VERSIONS of the Fluss protocol, two empty names.
            call = struct.pack(">hhi", 1000, 0, 7) + b"\x0a\x00\x12\x00"
            secure.sendall(struct.pack(">i", len(call)) + call)
            length, kind, number = struct.unpack(">ibi", secure.recv(9))
            assert (kind, number) == (0, 7) and length > 50
    environment = dict(os.environ, WAVETANK_TOKEN="admin-token")
    told = subprocess.run(
        [program, "admin", "ready", "--at", f"https://127.0.0.1:{server.http}", "--authorities",
         f"{folder}/chain.pem"], env=environment, capture_output=True, text=True)
    assert told.stdout.strip() == "ready", told
    source = f"{folder}/orders.csv"
    with open(source, "w") as file:
        file.write("id,price\n1,2.5\n2,3.5\n")
    brought = subprocess.run(
        [program, "ingest", source, "--table", "shop.orders", "--key", "id", "--to",
         f"https://127.0.0.1:{server.http}", "--authorities", f"{folder}/chain.pem"],
        env=environment, capture_output=True, text=True)
    assert brought.returncode == 0 and brought.stdout.startswith("2 rows"), brought
    server.stop()


def refusals(program, folder):
    """What is not served, and what is said of it."""
    cases = [
        (["--listen", "0.0.0.0:9123"], "--insecure"),
        (["--config", f"{folder}/none.yaml"], "none.yaml"),
        (["--tls-certificate", "a.pem", "--tls-key", "b.pem"], "a.pem: No such file"),
    ]
    for words, hint in cases:
        told = subprocess.run(
            [program, "serve", "--data", f"{folder}/other", *words], capture_output=True,
            text=True)
        assert told.returncode == 3 and hint in told.stderr, told
    with open(f"{folder}/wrong.yaml", "w") as file:
        file.write("data: d\nlistn: 127.0.0.1:9123\n")
    told = subprocess.run(
        [program, "serve", "--config", f"{folder}/wrong.yaml"], capture_output=True, text=True)
    assert told.returncode == 3, told
    assert "wrong.yaml:2:1: unknown key 'listn'; did you mean 'listen'?" in told.stderr, told


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        refusals(program, folder)
        server = Server(program, folder)
        server.start()
        asyncio.run(fluss_clients(server))
        http_clients(server)
        server.kill()
        server.start()
        asyncio.run(fluss_clients(server))
        http_clients(server)
        server.stop()
        with open(f"{folder}/log") as file:
            log = file.read()
        for secret in [*USERS.values(), "admin-token", "guess-me"]:
            assert secret not in log, f"a secret is in the log: {secret}"
    with tempfile.TemporaryDirectory() as folder:
        with_tls(program, folder)
    print("access: each came in as far as he may, over SASL, HTTP, S3 signatures and TLS")


try:
    main()
finally:
    for process in Server.running:
        process.kill()
