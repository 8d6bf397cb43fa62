"""A store that ignores conditions in silence, as rclone's and JuiceFS's gateways do.

python ci/stores.py PORT STORE: hands what comes to the port of the real store on, but for the
headers If-Match and If-None-Match. Loopback alone; ends after ten minutes.
"""

import http.client
import http.server
import sys
import threading

LISTEN, STORE = int(sys.argv[1]), int(sys.argv[2])


class Forgetful(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("if-match", "if-none-match")}
        store = http.client.HTTPConnection("127.0.0.1", STORE, timeout=30)
        store.request(self.command, self.path, body, headers)
        answer = store.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                if name.lower() != "content-length" or self.command == "HEAD":
                    self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        store.close()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", LISTEN), Forgetful)
threading.Timer(600, server.shutdown).start()
server.serve_forever()
