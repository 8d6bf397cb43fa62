"""The pieces of 'wavetank bench micro' that pyarrow has too, and the table of all beside it.

libraries.py MICRO.json LIBRARIES.tsv ROUNDS
"""
import io
import json
import random
import resource
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


def main():
    micro, libraries, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
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


main()
