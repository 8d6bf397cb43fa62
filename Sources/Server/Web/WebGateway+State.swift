import Cluster
import Columnar
import Iceberg
import JSON
import LakeTiering
import Platform

extension WebGateway {
    /// What the cluster is and how it does. Precondition: the operation is one of those.
    ///
    /// Of tables those are told of that the caller may describe.
    func describe(_ call: WebCall) async throws -> WebResponse {
        let tables = tables.filter {
            access.isAllowed(call.caller, .describe, on: .table($0.path))
        }
        switch call.route.operation {
        case .cluster: return WebResponse(json: cluster())
        case .tables: return WebResponse(json: ["tables": .array(tables.map(describe))])
        case .buckets:
            var buckets: [JSONValue] = []
            for table in tables {
                for bucket in client.mirror.buckets(of: table) {
                    buckets.append(try await describe(bucket, table))
                }
            }
            return WebResponse(json: ["buckets": .array(buckets)])
        case .partitions:
            return WebResponse(json: ["partitions": .array(tables.flatMap(partitions))])
        case .lag:
            var lags: [JSONValue] = []
            for table in tables {
                for bucket in client.mirror.buckets(of: table) {
                    lags.append(try await lag(of: bucket, table))
                }
            }
            return WebResponse(json: ["lags": .array(lags)])
        case .leaders: return WebResponse(json: ["leaders": leaders()])
        case .lake:
            var lake: [JSONValue] = []
            for table in tables where table.isInLake { lake.append(try await lakeState(table)) }
            return WebResponse(json: ["tables": .array(lake)])
        default: preconditionFailure("\(call.route.operation) is answered elsewhere")
        }
    }

    /// All tables, by database and name.
    private var tables: [TableDescription] {
        client.mirror.tables.keys.sorted().map { client.mirror.tables[$0]! }.sorted {
            ($0.path.database, $0.name) < ($1.path.database, $1.name)
        }
    }

    private func cluster() -> JSONValue {
        let mirror = client.mirror
        let servers = mirror.servers.keys.sorted().map { name -> JSONValue in
            [
                "name": .string(name),
                "incarnation": .string(String(mirror.servers[name]!.incarnation)),
                "formatVersion": .integer(Int64(mirror.servers[name]!.formatVersion)),
                "buckets": .integer(Int64(mirror.buckets(on: name).count)),
            ]
        }
        let services = mirror.leaders.keys.sorted().map {
            JSONMember($0, .string(mirror.leaders[$0]!))
        }
        return ["servers": .array(servers), "services": .object(services)]
    }

    private func describe(_ table: TableDescription) -> JSONValue {
        let columns = table.schema.fields.map { field -> JSONValue in
            ["name": .string(field.name), "type": .string("\(field.type)")]
        }
        let keys = table.schema.primaryKey.map {
            JSONValue.string(table.schema.fields[$0].name)
        }
        return [
            "database": .string(table.path.database), "table": .string(table.name),
            "identifier": .string(String(table.identifier)),
            "buckets": .integer(Int64(table.bucketCount)),
            "replicationFactor": .integer(Int64(table.replicationFactor)),
            "primaryKey": .array(keys), "columns": .array(columns),
            "isInLake": .bool(table.isInLake),
        ]
    }

    private func describe(
        _ bucket: BucketIdentifier, _ table: TableDescription
    ) async throws -> JSONValue {
        let state = client.mirror.buckets[bucket]?.value
        var members = [
            JSONMember("database", .string(table.path.database)),
            JSONMember("table", .string(table.name)),
            JSONMember("partition", partitionName(of: bucket)),
            JSONMember("bucket", .integer(Int64(bucket.bucket))),
            JSONMember("leader", state?.leader.map { .string($0.server) } ?? .null),
            JSONMember("leaderEpoch", .integer(Int64(state?.leaderEpoch ?? -1))),
            JSONMember("replicas", .array((state?.replicas ?? []).map { .string($0) })),
            JSONMember("inSync", .array((state?.inSync ?? []).map { .string($0) })),
            JSONMember(
                "movingTo",
                state?.reassignment.map { .array($0.target.map { .string($0) }) } ?? .null),
        ]
        do {
            let offsets = try await client.offsets(of: bucket)
            members.append(JSONMember("highWatermark", .integer(offsets.highWatermark)))
        } catch let error as ClusterError {
            members.append(JSONMember("error", .string("\(error)")))
        }
        return .object(members)
    }

    private func partitionName(of bucket: BucketIdentifier) -> JSONValue {
        let partition = bucket.partition.flatMap {
            client.mirror.partitions[bucket.table]?[$0]?.name
        }
        return partition.map { .string($0) } ?? .null
    }

    private func partitions(_ table: TableDescription) -> [JSONValue] {
        client.mirror.partitions(of: table.identifier).map { partition in
            [
                "database": .string(table.path.database), "table": .string(table.name),
                "partition": .string(partition.name),
                "identifier": .string(String(partition.identifier)),
                "buckets": .integer(Int64(table.bucketCount)),
            ]
        }
    }

    /// How many changes of a bucket its remote log, its snapshot and the lake do not have yet, and
    /// how many of its replicas are not in sync.
    private func lag(
        of bucket: BucketIdentifier, _ table: TableDescription
    ) async throws -> JSONValue {
        let mirror = client.mirror
        let state = mirror.buckets[bucket]?.value
        let behind = (state?.replicas ?? []).filter { state?.inSync.contains($0) == false }
        var members = [
            JSONMember("database", .string(table.path.database)),
            JSONMember("table", .string(table.name)),
            JSONMember("partition", partitionName(of: bucket)),
            JSONMember("bucket", .integer(Int64(bucket.bucket))),
            JSONMember("behind", .array(behind.map { .string($0) })),
        ]
        do {
            let end = try await client.offsets(of: bucket).highWatermark
            func lag(_ offset: Int64?) -> JSONValue { .integer(max(0, end - (offset ?? 0))) }
            members.append(JSONMember("highWatermark", .integer(end)))
            members.append(
                JSONMember("remoteLog", lag(mirror.remoteLogs[bucket]?.value.endOffset)))
            members.append(
                JSONMember(
                    "snapshot",
                    table.isPrimaryKeyTable
                        ? lag(mirror.snapshots[bucket]?.value.endOffset) : .null))
            let consumers = mirror.consumedOffsets(of: bucket).map {
                JSONMember($0.reader, lag($0.offset))
            }
            members.append(JSONMember("consumers", .object(consumers)))
        } catch let error as ClusterError {
            members.append(JSONMember("error", .string("\(error)")))
        }
        return .object(members)
    }

    /// How many buckets each server leads, and those that nobody does.
    private func leaders() -> JSONValue {
        var counts: [String: Int64] = [:]
        for name in client.mirror.servers.keys.sorted() { counts[name] = 0 }
        var orphans: [JSONValue] = []
        for bucket in client.mirror.buckets.keys.sorted() {
            if let leader = client.mirror.buckets[bucket]!.value.leader {
                counts[leader.server, default: 0] += 1
            } else {
                orphans.append(.string("\(bucket)"))
            }
        }
        return [
            "servers": .object(
                counts.keys.sorted().map { JSONMember($0, .integer(counts[$0]!)) }),
            "withoutLeader": .array(orphans),
        ]
    }

    // MARK: The lake

    /// Where a table of the cluster is in the lake, and how much of its log is not there yet.
    private func lakeState(_ table: TableDescription) async throws -> JSONValue {
        var members = [
            JSONMember("database", .string(table.path.database)),
            JSONMember("table", .string(table.name)),
        ]
        var tiered = LakeOffsets()
        for name in try await machine.lakeCatalog.list() {
            guard let metadata = try await catalog.metadata(of: name)?.json,
                let properties = metadata["properties"],
                properties[LakeProgress.tableProperty]?.string == String(table.identifier)
            else { continue }
            members.append(JSONMember("lakeTable", .string("\(name)")))
            let snapshot = metadata["current-snapshot-id"] ?? .null
            members.append(JSONMember("snapshot", snapshot))
            if let text = properties[LakeProgress.offsetsProperty]?.string,
                let offsets = LakeOffsets(text: text)
            {
                tiered = offsets
            }
        }
        var lag: Int64 = 0
        for bucket in client.mirror.buckets(of: table) {
            let offsets = try await client.offsets(of: bucket)
            lag += max(0, offsets.highWatermark - tiered[bucket.inLake])
        }
        members.append(JSONMember("lag", .integer(lag)))
        return .object(members)
    }

    // MARK: Metrics

    func metrics() async throws -> [Metric] {
        let mirror = client.mirror
        var metrics = process().metrics
        metrics.append(
            Metric(
                "wavetank_servers", .gauge, "Tablet servers that are registered",
                Int64(mirror.servers.count)))
        metrics.append(
            Metric("wavetank_tables", .gauge, "Tables of the cluster", Int64(mirror.tables.count)))
        for bucket in mirror.buckets.keys.sorted() {
            guard let table = mirror.tables[bucket.table] else { continue }
            let state = mirror.buckets[bucket]!.value
            let labels = [
                WebRequest.Parameter("database", table.path.database),
                WebRequest.Parameter("table", table.name),
                WebRequest.Parameter("bucket", String(bucket.bucket)),
            ]
            metrics.append(
                Metric(
                    "wavetank_bucket_in_sync_replicas", .gauge,
                    "Replicas that hold everything acknowledged", labels: labels,
                    Int64(state.inSync.count)))
            metrics.append(
                Metric(
                    "wavetank_bucket_has_leader", .gauge, "Whether somebody takes writes",
                    labels: labels, state.leader == nil ? 0 : 1))
            metrics.append(
                Metric(
                    "wavetank_bucket_leader_epoch", .gauge, "How often leadership was given",
                    labels: labels, Int64(state.leaderEpoch)))
        }
        return metrics
    }
}
