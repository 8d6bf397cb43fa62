"""Qdrant's core behind as much of Qdrant's REST as wavetank sink says, for tests.

python ci/sinks-qdrant.py PORT FOLDER: collections are shards of qdrant-edge-py, one folder each;
a request is in the shard's write-ahead log when it is answered.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import qdrant_edge as edge

DISTANCES = {"Euclid": edge.Distance.Euclid, "Cosine": edge.Distance.Cosine,
             "Dot": edge.Distance.Dot}


class Collections:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.shards = {}
        os.makedirs(folder, exist_ok=True)
        for name in sorted(os.listdir(folder)):
            with open(f"{folder}/{name}/vectors.json") as file:
                self.open(name, json.load(file))

    def open(self, name, vectors):
        path = f"{self.folder}/{name}/shard"
        config = edge.EdgeConfig(vectors=edge.EdgeVectorParams(
            size=vectors["size"], distance=DISTANCES[vectors["distance"]]))
        shard = edge.EdgeShard.load(path) if os.path.exists(path) else None
        if shard is None:
            os.makedirs(path)
            shard = edge.EdgeShard.create(path, config)
        self.shards[name] = (shard, vectors)

    def create(self, name, vectors):
        os.makedirs(f"{self.folder}/{name}", exist_ok=True)
        with open(f"{self.folder}/{name}/vectors.json", "w") as file:
            json.dump(vectors, file)
        self.open(name, vectors)


def condition(json):
    if "has_id" in json:
        return edge.HasIdCondition(set(json["has_id"]))
    if "match" in json:
        return edge.FieldCondition(json["key"], match=edge.MatchValue(json["match"]["value"]))
    if "range" in json:
        return edge.FieldCondition(json["key"], range=edge.RangeFloat(**json["range"]))
    return filter_of(json)


def filter_of(json):
    return edge.Filter(**{name: [condition(part) for part in parts]
                          for name, parts in json.items()})


def shown(record):
    return {"id": str(record.id), "payload": record.payload, "vector": record.vector}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, result, status=200):
        body = json.dumps({"result": result, "status": "ok", "time": 0} if status == 200 else
                          {"status": {"error": result}, "time": 0}).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        parts = self.path.split("?")[0].strip("/").split("/")
        try:
            with collections.lock:
                result = self.act(self.command, parts, body)
        except KeyError as error:
            return self.answer(f"Not found: {error}", 404)
        except Exception as error:
            return self.answer(f"Wrong input: {error}", 400)
        self.answer(result)

    do_GET = do_PUT = do_POST = serve

    def act(self, method, parts, body):
        assert parts[0] == "collections", self.path
        if len(parts) == 1:
            return {"collections": [{"name": name} for name in collections.shards]}
        if len(parts) == 2 and method == "PUT":
            collections.create(parts[1], body["vectors"])
            return True
        shard, vectors = collections.shards[parts[1]]
        if len(parts) == 2:
            return {"config": {"params": {"vectors": vectors}}}
        if method == "PUT":
            points = [edge.Point(point["id"], point["vector"], point["payload"])
                      for point in body["points"]]
            update = body.get("update_filter")
            shard.update(edge.UpdateOperation.upsert_points(
                points, condition=filter_of(update) if update else None))
            return {"status": "completed"}
        if parts[-1] == "delete":
            shard.update(edge.UpdateOperation.delete_points_by_filter(filter_of(body["filter"])))
            return {"status": "completed"}
        if parts[-1] == "search":
            wanted = body.get("filter")
            found = shard.search(edge.SearchRequest(
                edge.Query.Nearest(body["vector"]), body["limit"],
                filter=filter_of(wanted) if wanted else None))
            return [{"id": str(point.id), "score": point.score} for point in found]
        if parts[-1] == "scroll":
            records, _ = shard.scroll(edge.ScrollRequest(
                limit=body["limit"], with_payload=True, with_vector=True))
            return {"points": [shown(record) for record in records]}
        return [shown(record) for record in
                shard.retrieve(body["ids"], with_payload=True, with_vector=True)]


collections = Collections(sys.argv[2])
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
