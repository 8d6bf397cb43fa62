public import Cluster
import Columnar
import Host
import JSON
public import Platform
public import VectorSinks

/// The changelog of a table of a served process, read over its HTTP interface.
///
/// A page has changes of all buckets: they are handed out bucket by bucket, and nothing more is
/// read while any of them waits.
public final class ServedChanges: ChangeSource {
    public let buckets: [BucketIdentifier]
    /// What the points of the table are like.
    public let collection: VectorCollection
    private let target: IngestTarget
    private let path: String
    private let primaryKey: [String]
    private let options: Options
    private let machine: Machine
    private var waiting: [BucketIdentifier: Page] = [:]
    /// Whether the last reads brought nothing. One alone says little: a leader that has just begun
    /// may not count yet what the one before it acknowledged.
    public var isDrained: Bool { emptyReadCount >= 3 }
    private var emptyReadCount = 0
    private var cursor: [BucketIdentifier: Int64] = [:]

    /// What was read of a bucket and not handed out yet.
    private struct Page {
        let start: Int64
        var end: Int64
        var changes: [SinkChange] = []
    }

    public struct Options: Sendable {
        public var database: String
        public var table: String
        /// The column of the vectors; the first that the table has an index of if nil.
        public var vector: String?
        /// Of the collection; `DATABASE_TABLE`, or `DATABASE_TABLE_VECTOR` where a column is
        /// named, if nil.
        public var collection: String?

        /// What the collection is called.
        public var collectionName: String {
            collection ?? [database, table, vector].compactMap(\.self).joined(separator: "_")
        }

        public init(database: String, table: String) {
            self.database = database
            self.table = table
        }
    }

    /// Asks the process what the table is like.
    ///
    /// - Throws: `IngestError.target` if it is none that can be brought to a vector service.
    public init(
        _ target: IngestTarget, _ options: Options, on machine: Machine
    ) throws(IngestError) {
        self.target = target
        self.machine = machine
        let path = IngestTarget.path(options.database, options.table)
        self.path = path
        let description = try target.done("GET", path)
        let name = "\(options.database).\(options.table)"
        primaryKey =
            description["schema"]?["primary_key"]?.array?.compactMap(\.string) ?? []
        if primaryKey.isEmpty { throw .target(reason: "\(name) has no primary key") }
        if description["partition_key"]?.array?.isEmpty == false {
            throw .target(reason: "\(name) has partitions: such tables are not brought over")
        }
        let properties = description["properties"]
        func list(_ property: String) -> [String] {
            let text = properties?["table.vector-index.\(property)"]?.string ?? ""
            return text.split(separator: ",").map { $0.trimmingPrefix(while: { $0 == " " }) }
                .map(String.init)
        }
        var options = options
        options.collection = options.collectionName
        options.vector = options.vector ?? list("column").first
        self.options = options
        attributes = list("filter-columns")
        let count = description["bucket_count"]?.integer ?? 1
        buckets = (0..<Int32(clamping: count)).map { BucketIdentifier(table: 0, bucket: $0) }
        let (schema, _) = try Self.page(target, "\(path)/changes?limit=1&format=arrow")
        guard let vector = options.vector, let position = schema.position(of: vector),
            case .vector(let dimension, _) = schema.fields[position].type
        else {
            throw .target(
                reason: "\(name) has no column of vectors"
                    + (options.vector.map { " named \($0)" } ?? "; name one with --vector"))
        }
        let distance = list("distance").first.flatMap(Self.distance) ?? .euclidean
        collection = VectorCollection(
            name: options.collectionName,
            dimension: dimension, distance: distance)
    }

    private let attributes: [String]

    private static func distance(_ name: String) -> VectorCollection.Distance? {
        switch name {
        case "euclidean": .euclidean
        case "cosine": .cosine
        case "inner-product", "innerProduct", "dot": .innerProduct
        default: nil
        }
    }

    public func changes(
        of bucket: BucketIdentifier, from offset: Int64, waiting wait: Duration
    ) async throws -> ChangePage {
        if let page = waiting.removeValue(forKey: bucket), page.start == offset {
            return ChangePage(changes: page.changes, nextOffset: page.end)
        }
        cursor[bucket] = offset
        if !waiting.isEmpty {
            // The others come first.
            try await machine.sleep(.milliseconds(20))
            return ChangePage(changes: [], nextOffset: offset)
        }
        try read(waiting: wait)
        guard let page = waiting.removeValue(forKey: bucket) else {
            return ChangePage(changes: [], nextOffset: offset)
        }
        return ChangePage(changes: page.changes, nextOffset: page.end)
    }

    /// Up to where the changes of a bucket were read.
    public func readOffset(of bucket: BucketIdentifier) -> Int64 { cursor[bucket] ?? 0 }

    /// Reads a page, and keeps what is in it of each bucket.
    private func read(waiting wait: Duration) throws(SinkError) {
        let from = buckets.map { "\($0.bucket):\(cursor[$0] ?? 0)" }.joined(separator: ",")
        let milliseconds = wait.nanoseconds / 1_000_000
        let query = "from=\(from)&limit=10000&wait=\(milliseconds)&format=arrow"
        do throws(IngestError) {
            let (schema, rows) = try Self.page(target, "\(path)/changes?\(query)")
            try take(rows, schema)
            emptyReadCount = rows.isEmpty ? emptyReadCount + 1 : 0
        } catch IngestError.stopped {
            throw .fenced(reason: "the command was asked to stop")
        } catch IngestError.target(let reason) {
            throw .refused(reason: reason)
        } catch {
            throw .unavailable(reason: "\(error)")
        }
    }

    private static func page(
        _ target: IngestTarget, _ path: String
    ) throws(IngestError) -> (Schema, [Row]) {
        let answer = try target.ask("GET", path)
        guard answer.status == 200 else {
            throw .target(reason: "\(target.url) refuses: \(IngestTarget.detail(answer))")
        }
        do throws(ColumnarError) {
            var reader = try ArrowStreamReader(answer.body)
            var rows: [Row] = []
            while let batch = try reader.next() { rows += batch.rows }
            return (reader.schema, rows)
        } catch {
            throw .target(reason: "\(target.url) sends changes that are not understood: \(error)")
        }
    }

    private func take(_ rows: [Row], _ whole: Schema) throws(IngestError) {
        // Beside the table's own columns a page has where and what each change is.
        let fields = Array(whole.fields.dropLast(4))
        guard whole.fields.count > 4, whole.fields[fields.count].name == "__bucket",
            let schema = try? Schema(
                validating: fields, primaryKey: primaryKey.compactMap(whole.position(of:))),
            let vector = options.vector.flatMap(schema.position(of:)),
            let table = SinkTable(
                schema, vectors: [vector], attributes: attributes.compactMap(schema.position(of:)))
        else { throw .target(reason: "the table's columns are not as they were") }
        for row in rows {
            guard case .int(let number) = row[fields.count],
                case .bigint(let offset) = row[fields.count + 1],
                case .string(let symbol) = row[fields.count + 3]
            else { throw .target(reason: "a change lacks its place") }
            let bucket = BucketIdentifier(table: 0, bucket: number)
            var page = waiting[bucket] ?? Page(start: cursor[bucket] ?? 0, end: offset)
            page.end = offset + 1
            if symbol != "-U" {
                do throws(ColumnarError) {
                    page.changes.append(
                        try table.change(
                            Array(row[..<fields.count]), schema, isDelete: symbol == "-D",
                            offset: offset))
                } catch {
                    throw .target(reason: "a key cannot be encoded: \(error)")
                }
            }
            waiting[bucket] = page
            cursor[bucket] = page.end
        }
    }
}
