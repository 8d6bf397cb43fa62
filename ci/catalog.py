"""A served cluster whose lake is in the REST catalog of others, read from there by PyIceberg.

python ci/catalog.py WAVETANK: SeaweedFS serves S3 at port 8333 and its catalog at 8181, with a
warehouse `ice`. Rows are ingested, the process is killed in between, and PyIceberg, which is told
of the catalog alone, has to find them all.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

from pyiceberg.catalog import load_catalog

from served import ingest_orders, port

WAVETANK = os.path.abspath(sys.argv[1])
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing-secret",
        "AWS_REGION": "us-east-1"}


class Server:
    def __init__(self, work, *words):
        self.web = port()
        self.address = f"http://127.0.0.1:{self.web}"
        self.log = open(f"{work}/log", "a+")
        self.command = [
            WAVETANK, "serve", "--data", f"{work}/data", "--listen", f"127.0.0.1:{port(2)}",
            "--http", str(self.web), "--s3", "http://127.0.0.1:8333/lake", "--catalog",
            "http://127.0.0.1:8181", "--catalog-warehouse", "s3://ice"]

    def start(self):
        self.process = subprocess.Popen(
            self.command, stderr=self.log, env=dict(
                os.environ, WAVETANK_CATALOG_CREDENTIAL="testing:testing-secret", **KEYS))
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended"
            try:
                with urllib.request.urlopen(self.address + "/ready", timeout=5):
                    return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the server is not ready in time")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def await_rows(expected):
    """Until PyIceberg reads just these ids out of the catalog."""
    catalog = load_catalog(
        "others", type="rest", uri="http://127.0.0.1:8181", warehouse="s3://ice",
        credential="testing:testing-secret", **{
            "s3.endpoint": "http://127.0.0.1:8333", "s3.access-key-id": "testing",
            "s3.secret-access-key": "testing-secret", "s3.region": "us-east-1"})
    deadline = time.monotonic() + 90
    found, trouble = [], ""
    while time.monotonic() < deadline:
        try:
            table = catalog.load_table("shop.orders")
            found = sorted(table.scan().to_arrow()["id"].to_pylist())
            if found == expected:
                return table
        except Exception as error:
            trouble = error
        time.sleep(0.5)
    raise SystemExit(f"{len(found)} rows are in the catalog, not {len(expected)}: {trouble}")


def main(work):
    told = subprocess.run(
        [WAVETANK, "serve", "--data", f"{work}/none", "--listen", f"127.0.0.1:{port(2)}",
         "--catalog", "http://127.0.0.1:1"], capture_output=True, text=True,
        env=dict(os.environ, **KEYS))
    assert told.returncode == 3 and "http://127.0.0.1:1" in told.stderr, told
    server = Server(work)
    try:
        server.start()
        ingest_orders(WAVETANK, work, server.address, 0, 1000)
        table = await_rows(list(range(1000)))
        # The catalog chooses the place.
        assert table.location().startswith("s3://ice/"), table.location()
        server.kill()
        server.start()
        ingest_orders(WAVETANK, work, server.address, 1000, 1000)
        table = await_rows(list(range(2000)))
        server.process.terminate()
        assert server.process.wait(30) == 0
    except BaseException:
        server.log.seek(0)
        sys.stderr.write(server.log.read()[-4000:])
        raise
    finally:
        if server.process.poll() is None:
            server.kill()
    print(f"catalog: 2,000 rows of a served table read from the catalog of others, "
          f"{len(table.metadata.snapshots)} snapshots, past a kill: 1 passed, 0 failed")


with tempfile.TemporaryDirectory(prefix="wavetank-catalog-") as folder:
    main(folder)
