"""What libraries make of the work of 'wavetank bench', and the tables of both side by side.

libraries.py micro MICRO.json LIBRARIES.tsv ROUNDS
libraries.py db-bench FOLDER              runs db_bench there, prints JSON
libraries.py rows ROWS.json... DB-BENCH.json...
libraries.py encodings ENCODINGS.json ROWS.parquet
libraries.py lake-peers LAKE FOLDER       reads the lake's files and writes a table, prints JSON
libraries.py lake LAKE.json PEERS.json
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
import time

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


def peak_bytes():
    """The most memory since it was asked for the last time."""
    peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text())
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    return int(peak[1]) * 1024


def lake_peers(lake, folder):
    """What LakeBenchmark.swift does, on the same files and rows, on one core each."""
    import duckdb
    import pyarrow.dataset
    from pyiceberg.catalog.sql import SqlCatalog

    files = sorted(map(str, pathlib.Path(lake).glob(
        "store/objects/lake/wavetank/orders-*/data/*.parquet")))
    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    base = duckdb.connect(config={"threads": 1})
    own = [name for name in pyarrow.parquet.read_schema(files[0]).names if name[:2] != "__"]
    works = {
        "read three columns of a tenth": (
            ["id", "price", "country"], pyarrow.dataset.field("quantity") < 10,
            "quantity < 10"),
        "read one column": (["price"], None, "true"),
        "read all columns": (own, None, "true"),
    }
    results = []

    def timed(work, peer, body):
        peak_bytes()
        used, clock = processor_seconds(), time.monotonic()
        count, found = body()
        results.append({
            "work": work, "peer": peer, "count": count, "found": found,
            "processorMicroseconds": int((processor_seconds() - used) * 1e6),
            "microseconds": int((time.monotonic() - clock) * 1e6), "peakBytes": peak_bytes()})

    def by_pyarrow(columns, passes):
        source = pyarrow.dataset.dataset(files)
        found = sum(batch.num_rows for batch in source.to_batches(
            columns=columns, filter=passes, use_threads=False))
        return source.count_rows(), found

    def by_duckdb(columns, passes):
        query = base.sql(f"select {', '.join(columns)} from read_parquet({files}) where {passes}")
        found = sum(batch.num_rows for batch in query.to_arrow_reader(100_000))
        return base.sql(f"select count(*) from read_parquet({files})").fetchone()[0], found

    for work, (columns, passes, text) in works.items():
        timed(work, "pyarrow", lambda: by_pyarrow(columns, passes))
        timed(work, "DuckDB", lambda: by_duckdb(columns, text))

    catalog = SqlCatalog(
        "peer", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
    catalog.create_namespace("bench")
    portions = [pyarrow.parquet.read_table(file, columns=own) for file in files[:PORTIONS]]
    table = catalog.create_table("bench.orders", schema=portions[0].schema)

    def append():
        for portion in portions:
            table.append(portion)
        count = sum(portion.num_rows for portion in portions)
        return count, count

    timed("log to lake", "PyIceberg", append)
    print(json.dumps(results))


# Appends of PyIceberg: enough to be measured.
PORTIONS = 8


def lake(ours, peers):
    ours = {entry["work"]: entry for entry in json.load(open(ours))}

    def rate(entry, clock):
        return entry["count"] / max(1, entry[clock]) * 1e6

    print(f"{'rows a second':48}{'ours':>12}{'peer':>12}  {'ratio':>6}   peak MiB")
    for peer in json.load(open(peers)):
        own = ours[peer["work"]]
        if peer["work"] != "log to lake" and (own["count"], own["found"]) != (
                peer["count"], peer["found"]):
            sys.exit(f"{peer['work']}: {own['found']} rows, by {peer['peer']} {peer['found']}")
        for clock, said in [
                ("microseconds", "by the clock"), ("processorMicroseconds", "of a processor")]:
            rates = rate(own, clock), rate(peer, clock)
            print(f"{peer['work'] + ', ' + said:48}{short(rates[0]):>12}{short(rates[1]):>12}"
                  f"  {rates[0] / rates[1]:6.2f}   {own['peakBytes'] >> 20} and "
                  f"{peer['peakBytes'] >> 20}, {peer['peer']}")
    for work in ["new keys to lake", "updates to lake"]:
        for clock, said in [
                ("microseconds", "by the clock"), ("processorMicroseconds", "of a processor")]:
            rates = rate(ours[work], clock), rate(ours["log to lake"], clock)
            print(f"{work + ', ' + said:48}{short(rates[0]):>12}{short(rates[1]):>12}"
                  f"  {rates[0] / rates[1]:6.2f}   beside our rows without a key")
    for work, entry in ours.items():
        if work.startswith("commit at"):
            print(f"{work:48}{entry['microseconds'] / entry['count'] / 1000:9.2f} ms")


{
    "micro": micro, "db-bench": db_bench, "rows": rows, "encodings": encodings,
    "lake-peers": lake_peers, "lake": lake,
}[sys.argv[1]](*sys.argv[2:])
