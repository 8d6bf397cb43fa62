"""What libraries make of the work of 'wavetank bench', and the tables of both side by side.

libraries.py micro MICRO.json LIBRARIES.tsv ROUNDS
libraries.py db-bench FOLDER              runs db_bench there, prints JSON
libraries.py rows ROWS.json... DB-BENCH.json...
libraries.py encodings ENCODINGS.json ROWS.parquet
"""
import io
import json
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys

import pyarrow
import pyarrow.parquet


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def best_of(rounds, work):
    best = float("inf")
    for _ in range(rounds):
        before = processor_seconds()
        count = work()
        best = min(best, max(processor_seconds() - before, 1e-6))
    return best, count


def orders(count):
    """Rows like those of MicroBenchmark.swift."""
    draw = random.Random(2)
    states = ["placed", "paid", "shipped", "cancelled"]
    return pyarrow.table({
        "id": pyarrow.array(range(count), pyarrow.int64()),
        "customer": pyarrow.array([draw.randrange(5000) for _ in range(count)], pyarrow.int64()),
        "state": [draw.choice(states) for _ in range(count)],
        "cents": pyarrow.array([draw.randrange(100_000) for _ in range(count)], pyarrow.int64()),
        "note": [
            None if draw.randrange(3) == 0 else f"to be left at door {number % 97}"
            for number in range(count)
        ],
    })


def parquet(table):
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file, compression="zstd", compression_level=3)
    return file.getvalue()


def micro(micro, libraries, rounds):
    rounds = int(rounds)
    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    table = orders(5000)
    batch = table.to_batches()[0]
    file = parquet(table)
    # A call of Python costs more than a batch of this size: many calls make one round.
    repeats = 20
    pieces = {
        "Arrow encode": lambda: sum(batch.num_rows for _ in range(repeats) if batch.serialize()),
        "Parquet write": lambda: sum(table.num_rows for _ in range(repeats) if parquet(table)),
        "Parquet read": lambda: sum(
            pyarrow.parquet.read_table(io.BytesIO(file), use_threads=False).num_rows
            for _ in range(repeats)),
    }
    peers = {name: ("pyarrow", *best_of(rounds, work)) for name, work in pieces.items()}
    for line in open(libraries):
        name, seconds, count = line.rstrip("\n").split("\t")
        peer = ("RocksDB" if name.startswith("rows") else "hnswlib" if name.startswith("vector")
                else "libzstd" if name.startswith("zstd") else "a C loop")
        peers[name] = (peer, float(seconds), int(count))
    print(f"{'':26}{'ours':>12}{'peer':>12}  {'ratio':>6}")
    for entry in json.load(open(micro))["entries"]:
        if entry["name"] not in peers:
            continue
        peer, seconds, count = peers[entry["name"]]
        ours, theirs = entry["work"] / entry["seconds"], count / seconds
        print(f"{entry['name']:26}{short(ours):>12}{short(theirs):>12}  {ours / theirs:6.2f}"
              f"  {peer}, {entry['unit']} a second")


def short(number):
    for unit in ["", " k", " M", " G"]:
        if number < 1000:
            return f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:.3g} T"


# As RowBenchmark.swift has them.
ROWS, GETS = 1_000_000, 200_000


def db_bench(folder):
    """Upserts, gets and a scan by RocksDB's own benchmark: no log, as our rows have none."""
    database = pathlib.Path(folder) / "rocksdb"
    shutil.rmtree(database, ignore_errors=True)
    common = [
        "db_bench", f"--db={database}", f"--num={ROWS}", "--key_size=16", "--value_size=100",
        "--disable_wal=1", "--compression_type=none", "--threads=1", "--seed=1"]
    works = {
        "upsert": ["--benchmarks=fillrandom"],
        "get": ["--benchmarks=readrandom", "--use_existing_db=1", f"--reads={GETS}"],
        "scan": ["--benchmarks=readseq", "--use_existing_db=1"],
    }
    results = []
    for name, options in works.items():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = subprocess.run(
            common + options, capture_output=True, text=True, check=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = re.search(r"([\d.]+) seconds (\d+) operations", told)
        used = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
        results.append({
            "work": name, "rows": int(found[2]), "microseconds": int(float(found[1]) * 1e6),
            "processorMicroseconds": int(used * 1e6)})
    print(json.dumps(results))


def rows(*files):
    """The best round of each, by the clock on the wall and by the processor's."""
    def best(chosen):
        rates = {}
        for file in chosen:
            for row in json.load(open(file)):
                for clock in ("microseconds", "processorMicroseconds"):
                    rate = row["rows"] / max(1, row[clock]) * 1e6
                    key = row["work"], clock
                    rates[key] = max(rates.get(key, 0), rate)
        return rates
    ours = best(files[:len(files) // 2])
    theirs = best(files[len(files) // 2:])
    print(f"{ROWS} rows, {'rows a second':14}{'ours':>12}{'RocksDB':>12}  {'ratio':>6}")
    for key, rate in ours.items():
        work, clock = key
        name = work + (", by the clock" if clock == "microseconds" else ", of a processor")
        print(f"{name:28}{short(rate):>12}{short(theirs[key]):>12}  {rate / theirs[key]:6.2f}")


def encodings(ours, file):
    """Bytes of a row in our formats, and in pyarrow's with the same batches."""
    ours = json.load(open(ours))
    table = pyarrow.parquet.read_table(file)
    count = table.num_rows

    def arrow(rows, compression):
        """Messages of batches, without the schema before them."""
        options = pyarrow.ipc.IpcWriteOptions(compression=compression)
        sink = io.BytesIO()
        with pyarrow.ipc.new_stream(sink, table.schema, options=options) as writer:
            schema = sink.tell()
            for start in range(0, count, rows):
                # A slice would bring the buffers of its neighbours along.
                batch = table.take(list(range(start, start + rows))).combine_chunks()
                writer.write_batch(batch.to_batches()[0])
            return sink.tell() - schema

    peers = {
        "batches of 100, plain": ("Arrow", arrow(100, None)),
        "batches of 100, zstd": ("Arrow", arrow(100, "zstd")),
        "batches of 5000, plain": ("Arrow", arrow(5000, None)),
        "batches of 5000, zstd": ("Arrow", arrow(5000, "zstd")),
        "table files": ("Arrow, plain", arrow(5000, None)),
        "Parquet, zstd": ("Parquet", len(parquet(table))),
    }
    print(f"{'bytes a row':32}{'ours':>8}{'pyarrow':>10}  {'ratio':>6}")
    for entry in ours["encodings"]:
        what, size = peers[entry["name"]]
        name = entry["layer"] + ", " + entry["name"]
        print(f"{name:32}{entry['bytes'] / count:8.2f}{size / count:10.2f}"
              f"  {size / entry['bytes']:6.2f}  {what}")


{"micro": micro, "db-bench": db_bench, "rows": rows, "encodings": encodings}[sys.argv[1]](
    *sys.argv[2:])
