"""What a Fluss client does at a served cluster, and what it has to find there.

python ci/fluss-client.py PORT MODEL ROUND: writes on;
the rows acknowledged so far are in the file MODEL.
python ci/fluss-client.py PORT MODEL check: reads all and compares.
"""

import asyncio
import json
import os
import sys

import fluss
import pyarrow as pa

ROWS = 200
DATABASE = "shop"


def load(path):
    if not os.path.exists(path):
        return {"clicks": [], "orders": {}}
    with open(path) as file:
        return json.load(file)


def save(path, model):
    with open(path + ".new", "w") as file:
        json.dump(model, file)
    os.replace(path + ".new", path)


async def connect(port):
    """A server that was just started, or killed, takes a moment to elect its leaders."""
    for attempt in range(60):
        try:
            return await fluss.FlussConnection.create(
                fluss.Config({"bootstrap.servers": f"127.0.0.1:{port}"}))
        except fluss.FlussError:
            await asyncio.sleep(0.5)
    raise SystemExit("no server")


async def tables(connection):
    admin = connection.get_admin()
    if hasattr(admin, "__await__"):
        admin = await admin
    log = fluss.Schema(pa.schema([
        pa.field("id", pa.int32()), pa.field("page", pa.string()), pa.field("at", pa.int64())]))
    rows = fluss.Schema(pa.schema([
        pa.field("id", pa.int32()), pa.field("state", pa.string()), pa.field("cents", pa.int64()),
    ]), primary_keys=["id"])
    await admin.create_database(DATABASE, ignore_if_exists=True)
    for name, schema, buckets in [("clicks", log, 1), ("orders", rows, 3)]:
        path = fluss.TablePath(DATABASE, name)
        descriptor = fluss.TableDescriptor(schema, bucket_count=buckets)
        await admin.create_table(path, descriptor, ignore_if_exists=True)
    assert set(await admin.list_tables(DATABASE)) == {"clicks", "orders"}
    return [await connection.get_table(fluss.TablePath(DATABASE, n)) for n in ("clicks", "orders")]


async def write(clicks, orders, model, path, round):
    append = clicks.new_append().create_writer()
    upsert = orders.new_upsert().create_writer()
    for batch in range(4):
        first = round * 1000 + batch * ROWS // 4
        new = [{"id": first + i, "page": f"/p/{i}", "at": first * 1000} for i in range(ROWS // 4)]
        for row in new:
            append.append(row)
        await append.flush()
        model["clicks"] += [row["id"] for row in new]
        changed = {}
        for i in range(40):
            key = (first + i) % 60
            if i % 9 == 8:
                upsert.delete({"id": key})
                changed[str(key)] = None
            else:
                row = {"id": key, "state": f"paid {round}", "cents": first + i}
                upsert.upsert(row)
                changed[str(key)] = row
        await upsert.flush()
        model["orders"].update(changed)
        # Only what was flushed is in the model: the kill may come at any moment after it.
        save(path, model)


async def check(clicks, orders, model):
    expected = model["clicks"]
    for columns in (None, ["id"]):
        scan = clicks.new_scan()
        if columns:
            scan = scan.project_by_name(columns)
        scanner = await scan.create_log_scanner()
        scanner.subscribe(bucket_id=0, start_offset=0)
        found = []
        # After a kill the leaders are elected anew: that takes a few seconds.
        patience = 15
        while len(found) < len(expected) and patience > 0:
            records = await scanner.poll(2000)
            got = [(record.offset, record.row["id"]) for record in records]
            patience -= 0 if got else 1
            found += got
        assert [offset for offset, _ in found] == list(range(len(found))), "offsets have gaps"
        assert [id for _, id in found] == expected, (
            f"{len(found)} clicks, {len(expected)} were acknowledged")
    lookuper = orders.new_lookup().create_lookuper()
    for key, row in sorted(model["orders"].items()):
        found = await lookuper.lookup({"id": int(key)})
        assert found == row, f"order {key} is {found}, not {row}"
    print(f"fluss: {len(expected)} clicks and {len(model['orders'])} keys are as acknowledged")


async def main():
    port, path, what = sys.argv[1:4]
    connection = await connect(port)
    model = load(path)
    clicks, orders = await tables(connection)
    if model["clicks"]:
        await check(clicks, orders, model)
    if what != "check":
        await write(clicks, orders, model, path, int(what))


asyncio.run(asyncio.wait_for(main(), 240))
