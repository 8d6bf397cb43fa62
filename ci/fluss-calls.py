"""Every call of a Fluss client about databases, tables, partitions, offsets and scans, once.

python ci/fluss-calls.py PORT: against a served cluster; what it makes is dropped at the end.
"""

import asyncio
import sys
import time

import fluss
import pyarrow as pa

DATABASE = "calls"
# Fluss's codes, by which a client decides what to do (Errors.java).
DATABASE_NOT_EXIST, DATABASE_NOT_EMPTY, DATABASE_EXISTS = 4, 5, 6
TABLE_NOT_EXIST, TABLE_EXISTS = 7, 8
PARTITION_NOT_EXIST, NOT_PARTITIONED, PARTITION_EXISTS = 36, 37, 42

done = []


def check(what, holds, found=None):
    if not holds:
        raise SystemExit(f"fluss-calls: {what}: {found!r}")
    done.append(what)


async def refused(what, code, call):
    try:
        await call
    except fluss.FlussError as error:
        check(what, error.error_code == code, (error.error_code, str(error)))
        return
    raise SystemExit(f"fluss-calls: {what}: not refused")


def bucket_of(key, count):
    """The bucket of a key as Fluss's clients compute it, for a comparison with where rows are."""
    def rotate(word, by):
        return (word << by | word >> (32 - by)) & 0xFFFFFFFF

    def mix(state, word):
        word = rotate(word * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF
        return (rotate(state ^ word, 13) * 5 + 0xE6546B64) & 0xFFFFFFFF

    def finish(state):
        state = (state ^ state >> 16) * 0x85EBCA6B & 0xFFFFFFFF
        state = (state ^ state >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
        return state ^ state >> 16

    state = 42
    whole = len(key) // 4 * 4
    for start in range(0, whole, 4):
        state = mix(state, int.from_bytes(key[start:start + 4], "little"))
    for byte in key[whole:]:
        state = mix(state, byte)
    code = finish(mix(0, finish(state ^ len(key))) ^ 4)
    return (code if code < 1 << 31 else (1 << 32) - code) % count


async def databases(admin):
    descriptor = fluss.DatabaseDescriptor(comment="a test", custom_properties={"owner": "ci"})
    await admin.drop_database(DATABASE, ignore_if_not_exists=True)
    await admin.create_database(DATABASE, descriptor)
    check("a database is there", await admin.database_exists(DATABASE))
    check("databases are listed", DATABASE in await admin.list_databases())
    await refused("a database is not created twice", DATABASE_EXISTS,
                  admin.create_database(DATABASE))
    await admin.create_database(DATABASE, ignore_if_exists=True)
    info = (await admin.get_database_info(DATABASE)).get_database_descriptor()
    check("a database is described", info.comment == "a test"
          and info.get_custom_properties() == {"owner": "ci"}, str(info))
    await refused("an unknown database is not dropped", DATABASE_NOT_EXIST,
                  admin.drop_database("nothing"))
    await refused("no table comes into an unknown database", DATABASE_NOT_EXIST,
                  admin.create_table(fluss.TablePath("nothing", "t"), fluss.TableDescriptor(
                      fluss.Schema(pa.schema([pa.field("id", pa.int32())])))))


async def logs(admin, connection):
    path = fluss.TablePath(DATABASE, "log")
    schema = fluss.Schema(pa.schema([pa.field("id", pa.int32()), pa.field("text", pa.string())]))
    await admin.create_table(path, fluss.TableDescriptor(schema, bucket_count=1))
    await refused("a table is not created twice", TABLE_EXISTS,
                  admin.create_table(path, fluss.TableDescriptor(schema, bucket_count=1)))
    check("a table is there", await admin.table_exists(path))
    first = (await admin.get_table_info(path)).table_id
    table = await connection.get_table(path)
    writer = table.new_append().create_writer()
    times = []
    for batch in range(3):
        for i in range(10):
            writer.append({"id": batch * 10 + i, "text": f"row {i}"})
        await writer.flush()
        await asyncio.sleep(0.2)
        times.append(int(time.time() * 1000))
    for spec, wanted in [(fluss.OffsetSpec.earliest(), 0), (fluss.OffsetSpec.latest(), 30),
                         (fluss.OffsetSpec.timestamp(times[0]), 10),
                         (fluss.OffsetSpec.timestamp(times[1]), 20)]:
        found = await admin.list_offsets(path, [0], spec)
        check("offsets are listed by position and time", found == {0: wanted}, (found, wanted))
    scanner = table.new_scan().limit(7).create_bucket_batch_scanner(
        fluss.TableBucket(first, 0))
    ids = (await scanner.to_arrow()).column("id").to_pylist()
    check("a limited scan of a log", ids == list(range(23, 30)), ids)
    log = await (table.new_scan().project_by_name(["text"])).create_log_scanner()
    log.subscribe(bucket_id=0, start_offset=20)
    texts = []
    while len(texts) < 10:
        records = await log.poll(2000)
        got = [record.row["text"] for record in records]
        if not got:
            break
        texts += got
    check("a projected scan from an offset", texts == [f"row {i}" for i in range(10)], texts)
    await admin.drop_table(path)
    check("a dropped table is gone", not await admin.table_exists(path))
    await refused("an unknown table is not dropped", TABLE_NOT_EXIST, admin.drop_table(path))
    await admin.drop_table(path, ignore_if_not_exists=True)
    await admin.create_table(path, fluss.TableDescriptor(schema, bucket_count=1))
    second = (await admin.get_table_info(path)).table_id
    check("a table of the same name is another", second > first, (first, second))
    found = await admin.list_offsets(path, [0], fluss.OffsetSpec.latest())
    check("and has no rows", found == {0: 0}, found)


async def rows(admin, connection):
    path = fluss.TablePath(DATABASE, "rows")
    schema = fluss.Schema(pa.schema([
        pa.field("customer", pa.int32()), pa.field("item", pa.string()),
        pa.field("amount", pa.int64())]), primary_keys=["customer", "item"])
    await admin.create_table(
        path, fluss.TableDescriptor(schema, bucket_count=4, bucket_keys=["customer"]))
    table = await connection.get_table(path)
    writer = table.new_upsert().create_writer()
    for customer in range(20):
        for item in range(3):
            writer.upsert({"customer": customer, "item": f"i{item}", "amount": item})
    await writer.flush()
    lookuper = table.new_lookup().lookup_by(["customer"]).create_lookuper()
    found = sorted((row["item"], row["amount"]) for row in await lookuper.lookup({"customer": 7}))
    check("a lookup by prefix", found == [("i0", 0), ("i1", 1), ("i2", 2)], found)
    number = (await admin.get_table_info(path)).table_id
    total = 0
    for bucket in range(4):
        scanner = table.new_scan().limit(1000).create_bucket_batch_scanner(
            fluss.TableBucket(number, bucket))
        customers = (await scanner.to_arrow()).column("customer").to_pylist()
        total += len(customers)
        wrong = [c for c in customers if bucket_of(bytes([c]), 4) != bucket]
        check("rows are in the buckets of the hash", not wrong, (bucket, wrong))
    check("a limited scan of rows", total == 60, total)
    part = table.new_upsert().partial_update_by_name(["customer", "item", "amount"])
    writer = part.create_writer()
    writer.upsert({"customer": 7, "item": "i0", "amount": 70})
    await writer.flush()
    row = await table.new_lookup().create_lookuper().lookup({"customer": 7, "item": "i0"})
    check("a partial update", row["amount"] == 70, row)


async def partitions(admin, connection):
    plain = fluss.TablePath(DATABASE, "log")
    await refused("a table without partitions gets none", NOT_PARTITIONED,
                  admin.create_partition(plain, {"region": "eu"}))
    for name, keys in [("sales", None), ("stock", ["id", "region"])]:
        path = fluss.TablePath(DATABASE, name)
        schema = fluss.Schema(pa.schema([
            pa.field("id", pa.int32()), pa.field("region", pa.string()),
            pa.field("count", pa.int64())]), **({"primary_keys": keys} if keys else {}))
        await admin.create_table(path, fluss.TableDescriptor(
            schema, bucket_count=2, partition_keys=["region"]))
        await admin.create_partition(path, {"region": "eu"})
        await refused("a partition is not created twice", PARTITION_EXISTS,
                      admin.create_partition(path, {"region": "eu"}))
        await admin.create_partition(path, {"region": "eu"}, ignore_if_exists=True)
        await admin.create_partition(path, {"region": "us"})
        infos = await admin.list_partition_infos(path)
        names = {info.partition_name: info.partition_id for info in infos}
        check("partitions are listed", set(names) == {"eu", "us"}, names)
        some = await admin.list_partition_infos(path, {"region": "us"})
        check("partitions are pruned", [i.partition_name for i in some] == ["us"], some)
        table = await connection.get_table(path)
        if keys:
            writer = table.new_upsert().create_writer()
            for i in range(10):
                writer.upsert({"id": i, "region": "eu", "count": i})
                writer.upsert({"id": i, "region": "us", "count": 100 + i})
            await writer.flush()
            lookuper = table.new_lookup().create_lookuper()
            row = await lookuper.lookup({"id": 4, "region": "us"})
            check("a row is found in its partition", row and row["count"] == 104, row)
            writer.delete({"id": 4, "region": "us"})
            await writer.flush()
            check("and deleted there alone",
                  await lookuper.lookup({"id": 4, "region": "us"}) is None
                  and (await lookuper.lookup({"id": 4, "region": "eu"}))["count"] == 4)
        else:
            writer = table.new_append().create_writer()
            for i in range(20):
                writer.append({"id": i, "region": "eu" if i % 2 else "us", "count": i})
            await writer.flush()
            offsets = await admin.list_partition_offsets(
                path, "eu", [0, 1], fluss.OffsetSpec.latest())
            check("offsets of a partition", sum(offsets.values()) == 10, offsets)
            scanner = await table.new_scan().create_log_scanner()
            for bucket in range(2):
                scanner.subscribe_partition(names["eu"], bucket, 0)
            found = []
            while len(found) < 10:
                records = await scanner.poll(2000)
                got = [(record.row["id"], record.row["region"]) for record in records]
                if not got:
                    break
                found += got
            check("a scan of a partition",
                  sorted(found) == [(i, "eu") for i in range(20) if i % 2], found)
        await admin.drop_partition(path, {"region": "eu"})
        await refused("an unknown partition is not dropped", PARTITION_NOT_EXIST,
                      admin.drop_partition(path, {"region": "eu"}))
        infos = await admin.list_partition_infos(path)
        check("a dropped partition is gone", [i.partition_name for i in infos] == ["us"], infos)


async def main():
    connection = await fluss.FlussConnection.create(
        fluss.Config({"bootstrap.servers": f"127.0.0.1:{sys.argv[1]}"}))
    admin = connection.get_admin()
    if hasattr(admin, "__await__"):
        admin = await admin
    await databases(admin)
    await logs(admin, connection)
    await rows(admin, connection)
    await partitions(admin, connection)
    await refused("a database with tables is not dropped", DATABASE_NOT_EMPTY,
                  admin.drop_database(DATABASE, cascade=False))
    await admin.drop_database(DATABASE, cascade=True)
    check("a database is dropped with its tables", not await admin.database_exists(DATABASE))
    print(f"fluss-calls: {len(done)} checks, all as a Fluss server answers")


asyncio.run(asyncio.wait_for(main(), 240))
