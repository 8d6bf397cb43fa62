import Changelog
import Columnar
import Platform
import Simulation
import Testing

@testable import Cluster

@Suite("Positions in a log")
struct OffsetStories {
    private static let table = TableDescription(
        name: "clicks",
        schema: Schema(fields: [
            Field(identifier: 1, name: "number", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "page", type: .string),
            Field(identifier: 3, name: "bytes", type: .bytes),
        ]),
        bucketCount: 2, replicationFactor: 3, bucketKey: [], isInLake: false)

    @Test(
        "A time's offset is that of the first batch committed then, local or remote, whoever leads",
        arguments: 1...8 as ClosedRange<UInt64>)
    func byTime(seed: UInt64) throws {
        let story = FaultyStory(seed: seed) {
            $0.remoteLogTaskInterval = .seconds(2)
            $0.localSegmentCount = 1
        }
        story.fail(rounds: 5)
        var compared = 0
        story.play { client in
            let table = try await client.createTable(Self.table)
            let changes = (0..<1200).map { number -> TableWriter.Change in
                .append([
                    .bigint(Int64(number)), .string("page"),
                    .bytes([UInt8](repeating: 7, count: 150)),
                ])
            }
            for part in 0..<6 {
                let some = Array(changes[part * 200..<part * 200 + 200])
                _ = try await client.write(some, to: table)
                try await client.machine.sleep(.seconds(4))
            }
            story.heal()
            for bucket in table.buckets {
                let batches = try await client.allBatches(of: bucket).flatMap(\.batches)
                let offsets = try await client.patiently { try await client.offsets(of: bucket) }
                #expect(try await self.offset(.earliest, bucket, client) == offsets.start)
                #expect(try await self.offset(.latest, bucket, client) == offsets.highWatermark)
                for batch in batches {
                    let time = batch.commitTimestamp.millisecondsSinceEpoch
                    for moment in [time - 1, time, time + 1] {
                        let expected =
                            batches.first { $0.commitTimestamp.millisecondsSinceEpoch >= moment }?
                            .baseOffset ?? offsets.highWatermark
                        let found = try await self.offset(
                            .timestamp(Timestamp(millisecondsSinceEpoch: moment)), bucket, client)
                        #expect(found == expected, "\(bucket) at \(moment)")
                        compared += 1
                    }
                }
            }
        }
        #expect(compared > 20)
        #expect(story.count("offset by time found in the remote log") > 0)
        story.end()
    }

    @Test(
        "A time's offset is right from a leader's first answer, before it looked at the remote log")
    func byTimeAfterStart() throws {
        let story = FaultyStory(seed: 1) {
            $0.remoteLogTaskInterval = .seconds(10)
            $0.localSegmentCount = 1
        }
        story.heal()
        var compared = 0
        story.play { client in
            let table = try await client.createTable(Self.table)
            for part in 0..<4 {
                let changes = (part * 150..<part * 150 + 150).map {
                    TableWriter.Change.append([
                        .bigint(Int64($0)), .string("page"),
                        .bytes([UInt8](repeating: 7, count: 150)),
                    ])
                }
                _ = try await client.write(changes, to: table)
                try await client.machine.sleep(.seconds(12))
            }
            for name in story.cluster.serverNames { story.world.losePower(name) }
            for name in story.cluster.serverNames { story.cluster.startServer(name) }
            for bucket in table.buckets {
                let first = Timestamp(millisecondsSinceEpoch: 0)
                #expect(try await self.offset(.timestamp(first), bucket, client) == 0)
                compared += 1
            }
        }
        #expect(compared == 2)
        #expect(story.count("offset by time found in the remote log") == 2)
        story.end()
    }

    private func offset(
        _ position: LogPosition, _ bucket: BucketIdentifier, _ client: ClusterClient
    ) async throws -> Int64 {
        try await client.patiently { try await client.offset(position, of: bucket) }
    }

    @Test(
        "A consumer that comes back reads on where it said, whatever answers are lost",
        arguments: 1...6 as ClosedRange<UInt64>)
    func consumers(seed: UInt64) throws {
        let story = FaultyStory(seed: seed)
        story.fail(rounds: 3)
        story.play { client in
            let table = try await client.createTable(Self.table)
            let bucket = table.buckets[1]
            #expect(try await client.offsets(of: "report", in: table).isEmpty)
            for offset in [7, 30, 12] as [Int64] {
                try await client.keep([bucket: offset], of: "report", in: table)
                #expect(try await client.offsets(of: "report", in: table) == [bucket: offset])
            }
            #expect(try await client.offsets(of: "others", in: table).isEmpty)
            await #expect(throws: ClusterError.self) {
                try await client.keep([bucket: 1], of: "a/b", in: table)
            }
            try await client.dropTable(table.path)
            await #expect(throws: ClusterError.unknownTable(name: "\(table.path)")) {
                try await client.keep([bucket: 1], of: "report", in: table)
            }
        }
        story.end()
    }

    @Test(
        "What a consumer had kept before never takes the place of what it had kept last",
        arguments: 1...6 as ClosedRange<UInt64>)
    func lateOffsets(seed: UInt64) throws {
        let story = FaultyStory(seed: seed)
        story.world.coordinator.faults.lostBeforePerMillion = 100_000
        story.play { client in
            let table = try await client.createTable(Self.table)
            for offset in 0..<200 {
                let wanted = [table.buckets[0]: Int64(offset)]
                try await client.keep(wanted, of: "report", in: table)
                // What is under way to the service may get there late.
                try await client.machine.sleep(.milliseconds(offset % 3 == 0 ? 700 : 5))
                let found = try await client.offsets(of: "report", in: table)
                #expect(found == wanted)
            }
        }
        #expect(story.count("offsets of a consumer kept again") > 0)
        story.end()
    }

    @Test(
        "A fetch of some columns brings them of every row, also of those older than a column",
        arguments: 1...6 as ClosedRange<UInt64>)
    func columns(seed: UInt64) throws {
        let story = FaultyStory(seed: seed) { $0.remoteLogTaskInterval = .seconds(2) }
        story.fail(rounds: 3)
        var compared = 0
        story.play { client in
            var wanted = Self.table
            let compressions = ["NONE", "ZSTD", "LZ4_FRAME"]
            wanted.properties = try TableProperties([
                ("table.log.arrow.compression.type", compressions[Int(seed % 3)]),
                ("table.datalake.enabled", "false"),
            ])
            var table = try await client.createTable(wanted)
            for round in 0..<3 {
                let changes = (0..<60).map { number -> TableWriter.Change in
                    var row: Row = [
                        .bigint(Int64(number)), .string("page \(number)"),
                        .bytes([UInt8](repeating: UInt8(number), count: 40)),
                    ]
                    for _ in 0..<round { row.append(.int(Int32(number))) }
                    return .append(row)
                }
                _ = try await client.write(changes, to: table)
                if round == 2 { break }
                table = try await client.alterTable(
                    table.path, [.addColumn(name: "added\(round)", type: .int)])
            }
            for columns in [[1], [3, 1], [4], [5, 2]] as [[Int32]] {
                let positions = columns.map { table.schema.position(ofIdentifier: $0)! }
                for bucket in table.buckets {
                    var next: Int64 = 0
                    while true {
                        let (from, now) = (next, table)
                        let whole = try await client.patiently {
                            try await client.fetch(bucket, from: from, waiting: .zero)
                        }
                        let pruned = try await client.patiently {
                            try await client.fetch(
                                bucket, from: from, waiting: .zero, columns: columns)
                        }
                        if whole.batches.isEmpty { break }
                        for (left, right) in zip(whole.batches, pruned.batches) {
                            let rows = try left.decodeRecords(now.schemas).records.rows
                            let some = try right.decodeRecords(now.schemas, pruned: columns)
                                .records.rows
                            #expect(some == rows.map { row in positions.map { row[$0] } })
                            compared += rows.count
                        }
                        next = whole.batches.last!.endOffset
                    }
                }
            }
        }
        #expect(compared > 200)
        story.end()
    }

    @Test(
        "A filtered fetch leaves batches out and no wanted row, and goes on after them",
        arguments: 1...6 as ClosedRange<UInt64>)
    func filters(seed: UInt64) throws {
        let story = FaultyStory(seed: seed) { $0.remoteLogTaskInterval = .seconds(2) }
        story.fail(rounds: 3)
        story.play { client in
            var wanted = Self.table
            wanted.properties = try TableProperties([
                ("table.statistics.columns", seed % 2 == 0 ? "*" : "number,page"),
                ("table.datalake.enabled", "false"),
            ])
            let table = try await client.createTable(wanted)
            for part in 0..<10 {
                let changes = (0..<20).map { number -> TableWriter.Change in
                    .append([
                        .bigint(Int64(part * 20 + number)),
                        part == 7 ? .null : .string("page \(part)"), .bytes([1]),
                    ])
                }
                _ = try await client.write(changes, to: table)
            }
            story.heal()
            for bucket in table.buckets { try await self.compareFilters(bucket, table, client) }
        }
        #expect(story.count("batch left out by its statistics") > 0)
        story.end()
    }

    private func compareFilters(
        _ bucket: BucketIdentifier, _ table: TableDescription, _ client: ClusterClient
    ) async throws {
        var byNumber = LogFilter()
        try byNumber.add("number", .greaterOrEqual, .bigint(60), of: table)
        try byNumber.add("number", .less, .bigint(75), of: table)
        var byPage = LogFilter()
        try byPage.add("page", .equal, .string("page 3"), of: table)
        var byNull = LogFilter()
        try byNull.add("page", .isNull, of: table)
        #expect(throws: ClusterError.self) { try byNull.add("nothing", .isNull, of: table) }
        let filters: [(LogFilter, (Row) -> Bool)] = [
            (byNumber, { (60..<75).map { Value.bigint($0) }.contains($0[0]) }),
            (byPage, { $0[1] == .string("page 3") }), (byNull, { $0[1].isNull }),
        ]
        let all = try await client.allBatches(of: bucket).flatMap(\.batches)
        let rows = try all.flatMap { try $0.decodeRecords(table.schemas).records.rows }
        for (filter, isWanted) in filters {
            var found: [Row] = []
            var next: Int64 = 0
            while next < all.last?.endOffset ?? 0 {
                let from = next
                let fetched = try await client.patiently {
                    try await client.fetch(
                        bucket, from: from, waiting: .zero, byteCount: 2000, filter: filter)
                }
                for batch in fetched.batches {
                    found += try batch.decodeRecords(table.schemas).records.rows
                }
                #expect(fetched.nextOffset > next, "a filtered fetch makes no progress")
                next = fetched.nextOffset
            }
            #expect(found.filter(isWanted) == rows.filter(isWanted))
            #expect(rows.isEmpty || found.count < rows.count, "no batch was left out")
        }
    }

    @Test("A filter that was made before a column was widened leaves out no wanted row")
    func filterOfFormerType() throws {
        let story = FaultyStory(seed: 1)
        story.heal()
        story.play { client in
            var wanted = TableDescription(
                name: "narrow",
                schema: Schema(fields: [Field(identifier: 1, name: "number", type: .int)]),
                bucketCount: 2, replicationFactor: 3, bucketKey: [], isInLake: false)
            wanted.properties = try TableProperties([
                ("table.statistics.columns", "*"), ("table.datalake.enabled", "false"),
            ])
            let former = try await client.createTable(wanted)
            var filters: [LogFilter] = []
            for comparison in [LogFilter.Comparison.equal, .lessOrEqual, .greaterOrEqual] {
                var filter = LogFilter()
                try filter.add("number", comparison, .int(7), of: former)
                filters.append(filter)
            }
            let table = try await client.alterTable(
                former.path, [.widenColumn(name: "number", type: .bigint)])
            _ = try await client.write(
                [.append([.bigint(7)])], to: table)
            for filter in filters {
                var count = 0
                for bucket in table.buckets {
                    count += try await client.patiently {
                        try await client.fetch(bucket, from: 0, waiting: .zero, filter: filter)
                    }.batches.count
                }
                #expect(count == 1, "the row was left out")
            }
        }
        story.end()
    }

    @Test("A batch that lies about its rows is refused at the door")
    func wrongStatistics() throws {
        let story = FaultyStory(seed: 2)
        story.heal()
        story.play { client in
            let table = try await client.createTable(Self.table)
            let batches = try (5...6).map { number in
                try LogBatch.appendOnly(
                    try RecordBatch(
                        schema: table.schema,
                        rows: [[.bigint(Int64(number)), .string("a"), .null]]),
                    statistics: [0, 1])
            }
            let bucket = table.buckets[0]
            _ = try await client.patiently { try await client.produce(batches[0], to: bucket) }
            // The statistics of one batch before the rows of another.
            var reader = ByteReader(batches[0].bytes, range: 52..<56)
            let said = 56..<56 + Int(try reader.readLittleEndian(Int32.self))
            var bytes = batches[1].bytes
            bytes.replaceSubrange(said, with: batches[0].bytes[said])
            #expect(bytes != batches[1].bytes)
            let checksum = crc32c(bytes[29...])
            for position in 0..<4 {
                bytes[25 + position] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(position)))
            }
            let wrong = try LogBatch(validating: bytes)
            await #expect(throws: ClusterError.self) {
                _ = try await client.patiently { try await client.produce(wrong, to: bucket) }
            }
        }
        story.end()
    }

    @Test("Buckets are those that Fluss's clients choose")
    func buckets() {
        let fox = Array("The quick brown fox jumps over the lazy dog".utf8)
        #expect(BucketHash.hash([]) == 0x087F_CD5C)
        #expect(BucketHash.hash(fox[...]) == 0x1BC6_F880)
        #expect(BucketHash.spread(0) == 0x2362_F9DE)
        #expect(BucketHash.spread(42) == 0x43A4_6E1D)
        #expect(BucketHash.bucket(of: [0, 10], count: 7) == 1)
        #expect(BucketHash.bucket(of: [0, 10, 10, 10], count: 12) == 0)
        #expect(BucketHash.bucket(of: fox[...], count: 8) == 6)
    }

    @Test(
        "A table without a bucket key has its rows spread over all buckets",
        arguments: [
            TableWriter.KeylessAssignment.sticky, .roundRobin,
        ])
    func keyless(_ assignment: TableWriter.KeylessAssignment) throws {
        let story = FaultyStory(seed: 5)
        story.play { client in
            let table = try await client.createTable(Self.table)
            // Rows that wait for the first leaders to have followers would go in one batch.
            try await client.machine.sleep(.seconds(10))
            let writer = TableWriter(client, table, keyless: assignment)
            var settled = 0
            for number in 0..<200 {
                writer.write(.append([.bigint(Int64(number)), .null, .null])) { _ in settled += 1 }
                if number % 10 == 9 { try await client.machine.sleep(.milliseconds(40)) }
            }
            while settled < 200 { try await client.machine.sleep(.milliseconds(50)) }
            var counts: [Int64] = []
            for bucket in table.buckets {
                counts.append(try await client.offsets(of: bucket).highWatermark)
            }
            #expect(counts.reduce(0, +) == 200)
            // Sticky goes on to another bucket with each batch, in whatever order they are drawn.
            #expect(counts.allSatisfy { $0 > 20 }, "\(counts)")
        }
        story.end()
    }
}
