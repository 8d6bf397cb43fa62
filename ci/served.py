"""A process of `wavetank serve` on loopback, for the scripts that ask one as its users do."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request


class Server:
    """It can be killed, and started again on the same folder and ports."""

    def __init__(self, program, work):
        self.port = 21000 + os.getpid() % 8000
        self.command = [program, "serve", "--data", work + "/data", "--listen",
                        f"127.0.0.1:{self.port}", "--http", str(self.port + 10)]
        self.address = f"http://127.0.0.1:{self.port + 10}"
        self.log = open(work + "/log", "a+")
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stderr=self.log)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended"
            try:
                with urllib.request.urlopen(self.address + "/ready", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server is not ready in time")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def show_log(self):
        self.log.seek(0)
        sys.stderr.write(self.log.read()[-4000:])


taken = set()


def port(count=1):
    """The first of `count` free ports in a row."""
    while True:
        first = random.randrange(20000, 30000, 2)
        ports = range(first, first + count)
        if taken & set(ports):
            continue
        try:
            for number in ports:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", number))
        except OSError:
            continue
        taken.update(ports)
        return first


def wait_for(number, process, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", number), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nothing answers at port {number}")


def ingest_orders(program, work, address, first, count, *options):
    """Ingests rows of so many ids from `first` on into shop.orders."""
    source = f"{work}/orders-{first}.csv"
    with open(source, "w") as file:
        file.write("id,price\n")
        for number in range(first, first + count):
            file.write(f"{number},{number / 2}\n")
    told = subprocess.run(
        [program, "ingest", source, "--table", "shop.orders", "--key", "id", "--to", address,
         *options], capture_output=True, text=True, timeout=180)
    assert told.returncode == 0 and told.stdout.startswith(f"{count} rows"), told
