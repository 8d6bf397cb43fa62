import Changelog
import Cluster
import Columnar
import KeyValue
import Platform
import Simulation
import Testing

@Suite("Stories of writers")
struct WriterStories {
    @Test("A writer that the log forgot begins anew, and nothing is there twice")
    func forgottenWriter() throws {
        let t = try ClusterScript { $0.writerExpiration = .seconds(10) }
        try t.write(5)
        t.run(.seconds(60))
        try t.write(5)
        #expect(t.count("writer forgotten by the log begins anew") == 1)
        #expect(t.refused.isEmpty)
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("Rows of 80 kB by the hundred go out in batches that fit")
    func manyLargeRows() throws {
        let t = try ClusterScript { $0.segmentByteCount = 8 * 1024 * 1024 }
        try t.write(300, textLength: 80_000)
        #expect(t.refused.isEmpty)
        #expect(try t.readBack() == t.acknowledged)
    }

    @Test("A row over the limit is refused by name, and the others are written")
    func rowOverLimit() throws {
        let t = try ClusterScript { $0.segmentByteCount = 64 * 1024 * 1024 }
        t.begin(2)
        t.begin(1, textLength: ClusterConfiguration.rowByteCountLimit + 1)
        t.begin(2)
        try t.wait("the others are acknowledged") { t.acknowledged.count == 4 }
        guard case .tooLarge(let what, _, let limit)? = t.refused.first, t.refused.count == 1 else {
            Issue.record("\(t.refused)")
            return
        }
        #expect(what.contains("log bucket 0") && limit == ClusterConfiguration.rowByteCountLimit)
    }

    @Test("A row of nearly the limit is written, replaced and read", .timeLimit(.minutes(2)))
    func rowOfTheLimit() throws {
        let t = try ClusterScript(table: keyedTable) {
            $0.segmentByteCount = 64 * 1024 * 1024
            $0.rowMemoryByteCount = 64 * 1024 * 1024
        }
        try t.write(2, textLength: ClusterConfiguration.rowByteCountLimit - 200)
        #expect(t.refused.isEmpty)
        let key = try KeyCodec(primaryKeyOf: keyedTable.schema).encode([.bigint(1)])
        let bucket = t.bucket
        let found = try t.ask { try await $0.lookup([key], in: bucket) }
        #expect(found.rows[0]!.count > ClusterConfiguration.rowByteCountLimit - 1000)
    }
}

@Suite("Batches under way together")
struct BatchesInFlight {
    private static let table = TableDescription(
        name: "steps",
        schema: Schema(fields: [
            Field(identifier: 1, name: "number", type: .bigint, isNullable: false),
            Field(identifier: 2, name: "text", type: .string),
        ]),
        bucketCount: 1, replicationFactor: 3, bucketKey: [], isInLake: false)

    @Test(
        "What is acknowledged is there once and in order, whatever fails between",
        arguments: 1...10 as ClosedRange<UInt64>)
    func inOrder(seed: UInt64) throws {
        let story = FaultyStory(seed: seed) {
            $0.writerBatchesInFlight = 5
            $0.writerExpiration = .seconds(3)
        }
        story.fail(rounds: 5)
        story.play { client in
            let table = try await client.createTable(Self.table)
            let writer = TableWriter(client, table, batchLimit: 5)
            var acknowledged: [Int64] = []
            var unknown: Set<Int64> = []
            var settled = 0
            for number in 0..<1200 as Range<Int64> {
                writer.write(.append([.bigint(number), .string("step")])) { outcome in
                    settled += 1
                    switch outcome {
                    case .acknowledged: acknowledged.append(number)
                    case .unknown: unknown.insert(number)
                    case .refused(let error): Issue.record("\(number): \(error)")
                    }
                }
                if number % 40 == 39 { try await client.machine.sleep(.seconds(1)) }
            }
            while settled < 1200 { try await client.machine.sleep(.milliseconds(50)) }
            #expect(acknowledged == acknowledged.sorted())
            story.heal()
            let rows = try await client.patiently { try await client.loggedRows(of: table) }
            let numbers = rows.map { row -> Int64 in
                guard case .bigint(let number) = row[0] else { return -1 }
                return number
            }
            let certain = numbers.filter { !unknown.contains($0) }
            #expect(certain == acknowledged)
            #expect(Set(numbers).count == numbers.count)
        }
        #expect(story.count("batch sent behind another that is under way") > 0)
        story.end()
    }
}

@Suite("Stories of rows")
struct RowStories {
    @Test("A page of a scan is bounded by bytes, and pages together are the table")
    func scanByBytes() throws {
        let t = try ClusterScript(table: keyedTable) {
            $0.segmentByteCount = 64 * 1024 * 1024
            $0.rowMemoryByteCount = 8 * 1024 * 1024
        }
        try t.write(30, textLength: 1_000_000)
        let bucket = t.bucket
        var found = 0
        var last: [UInt8]?
        var pages = 0
        while true {
            let from = last
            let page = try t.ask { try await $0.scan(bucket, after: from, limit: 1_000_000) }
            let byteCount = page.rows.reduce(0) { $0 + $1.row.count }
            #expect(byteCount <= ClusterConfiguration.answerByteCountLimit + 1_100_000)
            found += page.rows.count
            pages += 1
            last = page.rows.last?.key
            if page.isLast { break }
        }
        #expect(found == 30 && pages > 3)
    }

    @Test("A lookup whose rows do not fit into one answer is told so")
    func lookupTooLarge() throws {
        let t = try ClusterScript(table: keyedTable) {
            $0.segmentByteCount = 64 * 1024 * 1024
        }
        try t.write(12, textLength: 1_000_000)
        let codec = KeyCodec(primaryKeyOf: keyedTable.schema)
        let keys = try (0..<12).map { try codec.encode([.bigint($0)]) }
        let bucket = t.bucket
        do {
            _ = try t.ask { try await $0.lookup(keys, in: bucket) }
            Issue.record("12 MB in one answer")
        } catch ClusterError.tooLarge {
        }
        let few = try t.ask { try await $0.lookup(Array(keys[..<4]), in: bucket) }
        #expect(few.rows.count == 4 && few.rows.allSatisfy { $0 != nil })
    }

    @Test("Rows whose snapshot is lost are made of the log again")
    func lostSnapshot() throws {
        let t = try ClusterScript(table: keyedTable) { $0.snapshotInterval = .seconds(2) }
        try t.write(50)
        try t.wait("a snapshot is published") { t.count("snapshot published") > 0 }
        try t.ask { client in
            for key in t.world.objects.keys(prefix: "snapshots/") {
                try await client.machine.objectStore.delete(key)
            }
        }
        let published = t.count("snapshot published")
        let former = t.leader!
        t.server(former).crash()
        try t.waitForLeader(otherThan: former)
        let key = try KeyCodec(primaryKeyOf: keyedTable.schema).encode([.bigint(49)])
        let bucket = t.bucket
        let found = try t.ask { try await $0.lookup([key], in: bucket) }
        #expect(found.rows[0] != nil)
        #expect(t.count("lost row snapshot rebuilt from the log") > 0)
        // And the next leader finds a whole snapshot.
        try t.wait("it is published anew") { t.count("snapshot published") > published }
    }

    @Test("However often leaders change, the folders of rows stay few")
    func fewFolders() throws {
        let t = try ClusterScript(table: keyedTable)
        for _ in 0..<6 {
            try t.write(5)
            let former = t.leader!
            t.server(former).crash()
            try t.waitForLeader(otherThan: former)
            try t.settle()
        }
        for number in 1...3 {
            let disk = t.cluster.servers["server-\(number)"]!.machine.disk
            let bucket = t.bucket
            let names = try t.ask { _ -> [String] in
                do { return try await disk.list("rows/\(bucket.path)") } catch DiskError.notFound {
                    return []
                }
            }
            #expect(names.count <= 2, "server-\(number) has \(names)")
        }
    }

    @Test("A leader that takes over serves the rows of all that was acknowledged")
    func rowsAfterFailover() throws {
        let t = try ClusterScript(table: keyedTable)
        try t.write(40)
        let former = t.leader!
        t.server(former).crash()
        try t.waitForLeader(otherThan: former)
        let bucket = t.bucket
        let page = try t.ask { try await $0.scan(bucket, after: nil, limit: 1000) }
        #expect(page.rows.count == 40 && page.isLast)
    }
}
