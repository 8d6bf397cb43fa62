"""A process of `wavetank serve` on loopback, for the scripts that ask one as its users do."""

import os
import signal
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
