"""A cluster of three processes in which nothing goes over a wire that is not encrypted.

python ci/secure.py WAVETANK WEED: makes an authority and certificates, starts etcd and SeaweedFS
with TLS and three servers that talk TLS to them and to each other, ingests rows over https, kills
one process and ingests on, and counts what is read. All is ended by its own id.
"""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

from served import ingest_orders, port, wait_for

WAVETANK, WEED = [os.path.abspath(path) for path in sys.argv[1:3]]
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret",
        "AWS_REGION": "us-east-1"}
WORK = tempfile.mkdtemp(prefix="wavetank-secure-")
started = []


def start(arguments, name, **more):
    process = subprocess.Popen(
        arguments, stdout=open(f"{WORK}/{name}.log", "a"), stderr=subprocess.STDOUT, **more)
    started.append(process)
    return process


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=WORK)


def certify(name, authority):
    """A key and a certificate of 127.0.0.1 for who calls and who is called."""
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    with open(f"{WORK}/{name}.ext", "w") as file:
        file.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n"
                   "extendedKeyUsage=serverAuth,clientAuth\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey",
            f"{authority}.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out",
            f"{name}.pem")


def make_authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")


def start_services():
    client, peer = port(2), port()
    etcd = f"https://127.0.0.1:{client}"
    # It wants to know who calls.
    process = start(
        ["etcd", "--data-dir", f"{WORK}/etcd", "--listen-client-urls", etcd,
         "--advertise-client-urls", etcd, "--listen-peer-urls", f"http://127.0.0.1:{peer}",
         "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}", "--initial-cluster",
         f"default=http://127.0.0.1:{peer}", "--log-level", "error", "--cert-file",
         f"{WORK}/services.pem", "--key-file", f"{WORK}/services.key", "--client-cert-auth",
         "--trusted-ca-file", f"{WORK}/own.pem"], "etcd")
    wait_for(client, process)
    with open(f"{WORK}/s3.json", "w") as file:
        json.dump({"identities": [{"name": "tests", "actions": ["Admin"], "credentials": [
            {"accessKey": "testing", "secretKey": "testing-secret"}]}]}, file)
    os.mkdir(f"{WORK}/weed")
    s3 = port()
    plain = port()
    process = start(
        [WEED, "server", "-dir", f"{WORK}/weed", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
         f"-master.port={port()}", f"-volume.port={port()}", f"-filer.port={port()}", "-filer",
         "-s3", f"-s3.port={plain}", f"-s3.port.https={s3}", f"-s3.config={WORK}/s3.json",
         f"-s3.cert.file={WORK}/services.pem", f"-s3.key.file={WORK}/services.key",
         "-master.volumeSizeLimitMB=64"], "weed", cwd=WORK)
    wait_for(s3, process)
    sign = ["curl", "-sS", "--fail", "--cacert", f"{WORK}/own.pem", "--aws-sigv4",
            "aws:amz:us-east-1:s3", "-u", "testing:testing-secret", "-X", "PUT"]
    for place in ("lake", "lake/ready"):
        for attempt in range(60):
            url = f"https://127.0.0.1:{s3}/{place}"
            if subprocess.run([*sign, url], capture_output=True).returncode == 0:
                break
            time.sleep(0.5)
        else:
            raise SystemExit(f"SeaweedFS does not take {place}")
    return etcd, f"https://127.0.0.1:{s3}/lake"


class Server:
    def __init__(self, number, etcd, store):
        self.number = number
        self.port, self.web = port(2), port()
        self.command = [
            WAVETANK, "serve", "--data", f"{WORK}/server-{number}", "--listen",
            f"127.0.0.1:{self.port}", "--servers", "3", "--number", str(number), "--etcd", etcd,
            "--s3", store, "--http", str(self.web), "--tls-certificate", f"{WORK}/server.pem",
            "--tls-key", f"{WORK}/server.key", "--tls-authorities", f"{WORK}/own.pem",
            "--authorities", f"{WORK}/own.pem"]
        self.start()

    def start(self):
        self.process = start(
            self.command, f"server-{self.number}", env=dict(os.environ, **KEYS))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.web}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"})
        context = ssl.create_default_context(cafile=f"{WORK}/own.pem")
        with urllib.request.urlopen(request, timeout=30, context=context) as answer:
            return answer.read()

    def wait(self):
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"server {self.number} ended"
            try:
                self.ask("GET", "/ready")
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"server {self.number} is not ready in time")


def count(server):
    question = {"query": "SELECT count(*) AS n FROM shop.orders"}
    return json.loads(server.ask("POST", "/api/v1/sql", question))[0]["n"]


def inner_ports(server):
    """The ports of a process that no client is told of."""
    told = subprocess.run(["ss", "-tlnpH"], capture_output=True, text=True).stdout
    known = {server.port, server.port + 1, server.web}
    found = {int(line.split()[3].rsplit(":", 1)[1]) for line in told.splitlines()
             if f"pid={server.process.pid}," in line}
    return sorted(found - known)


def speaks(number, *words):
    """Whether a port lets us in, by the word of openssl: with TLS 1.3 a server's no comes after
    the handshake, so that something is read."""
    told = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{number}", "-CAfile", f"{WORK}/own.pem",
         "-verify_return_error", "-quiet", *words], input=b"hello", capture_output=True, timeout=20)
    return b"alert" not in told.stderr and b"error" not in told.stderr.lower()


def outsiders(server):
    ports = inner_ports(server)
    assert ports, "the processes have ports for each other"
    for number in ports:
        assert not speaks(number), "who shows no certificate is shut out"
        assert not speaks(number, "-cert", f"{WORK}/stranger.pem", "-key",
                          f"{WORK}/stranger.key"), "a stranger's certificate is none"
        with socket.create_connection(("127.0.0.1", number), 5) as plain:
            plain.sendall(b"\x00" * 64)
            plain.settimeout(10)
            try:
                assert b"\x00\x00" not in plain.recv(16), "nobody is answered without TLS"
            except ConnectionError:
                pass
    return len(ports)


def refusals(etcd, store):
    """What does not start, and what is said of it."""
    def told(*words):
        done = subprocess.run(
            [WAVETANK, "serve", "--data", f"{WORK}/other", "--servers", "3", "--number", "3",
             "--listen", f"127.0.0.1:{port(2)}", *words], capture_output=True, text=True,
            env=dict(os.environ, **KEYS), timeout=120)
        assert done.returncode == 3, done
        return done.stderr
    own = ["--authorities", f"{WORK}/own.pem"]
    assert "vouches for its certificate" in told("--etcd", etcd, "--s3", store)
    assert "does not answer" in told("--etcd", etcd, "--s3", store, *own), \
        "etcd wants a certificate"
    assert "own.key" in told(
        "--etcd", etcd, "--s3", store, *own, "--tls-certificate", f"{WORK}/server.pem",
        "--tls-key", f"{WORK}/own.key")


def main():
    make_authority("own")
    make_authority("other")
    for name in ("services", "server"):
        certify(name, "own")
    certify("stranger", "other")
    etcd, store = start_services()
    refusals(etcd, store)
    servers = [Server(number, etcd, store) for number in (1, 2, 3)]
    for server in servers:
        server.wait()
    ingest_orders(WAVETANK, WORK, f"https://127.0.0.1:{servers[0].web}", 0, 2000,
                  "--authorities", f"{WORK}/own.pem")
    assert count(servers[1]) == 2000
    ports = outsiders(servers[2])
    servers[2].kill()
    ingest_orders(WAVETANK, WORK, f"https://127.0.0.1:{servers[0].web}", 2000, 2000,
                  "--authorities", f"{WORK}/own.pem")
    servers[2].start()
    servers[2].wait()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if count(servers[2]) == 4000:
                break
        except OSError:
            pass
        time.sleep(0.5)
    assert count(servers[2]) == 4000, count(servers[2])
    for server in servers:
        server.process.terminate()
    for server in servers:
        assert server.process.wait(60) == 0, "each ends in order"
    print(f"secure: 4,000 rows through TLS alone, past a kill; {ports} inner ports of a process "
          "shut out who has no certificate: 1 passed, 0 failed")


try:
    main()
except BaseException:
    for name in sorted(os.listdir(WORK)):
        if name.endswith(".log"):
            with open(f"{WORK}/{name}") as file:
                sys.stderr.write(f"--- {name}\n{file.read()[-3000:]}\n")
    raise
finally:
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
    shutil.rmtree(WORK, ignore_errors=True)
