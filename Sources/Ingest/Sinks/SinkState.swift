public import Cluster
import JSON
public import VectorSinks

/// How far a sink is, in a file of its own: replaced as a whole before anything is sent, and while
/// it is open no other process's.
public final class SinkState: SinkProgress {
    private struct Place: Hashable {
        var confirmed: Int64 = 0
        var begun: Int64 = 0
    }

    private let file: StateFile
    private let source: String
    private var places: [BucketIdentifier: Place] = [:]
    private var isSaved = true

    /// - Parameter source: What is brought where; a state of another is refused.
    /// - Throws: `IngestError.state`.
    public init(_ file: StateFile, source: String) throws(IngestError) {
        self.file = file
        self.source = source
        guard let bytes = try file.read() else { return }
        guard let json = try? JSONValue(parsing: bytes), let list = json["buckets"]?.array,
            let known = json["source"]?.string
        else { throw .state(path: file.path, reason: "is no state of a sink") }
        if known != source {
            throw .state(
                path: file.path,
                reason: "is of \(known), not of \(source): name another with "
                    + "--state")
        }
        for entry in list {
            guard let number = entry["bucket"]?.integer.flatMap({ Int32(exactly: $0) }),
                let confirmed = entry["confirmed"]?.integer, let begun = entry["begun"]?.integer,
                0...begun ~= confirmed
            else { throw .state(path: file.path, reason: "is no state of a sink") }
            places[BucketIdentifier(table: 0, bucket: number)] = Place(
                confirmed: confirmed, begun: begun)
        }
    }

    public func confirmed(_ bucket: BucketIdentifier) -> Int64 { places[bucket]?.confirmed ?? 0 }

    public func begun(_ bucket: BucketIdentifier) -> Int64 { places[bucket]?.begun ?? 0 }

    public func begin(_ bucket: BucketIdentifier, upTo offset: Int64) async throws {
        places[bucket, default: Place()].begun = max(begun(bucket), offset)
        isSaved = false
        try await save()
    }

    public func confirm(_ bucket: BucketIdentifier, upTo offset: Int64) {
        precondition(offset >= confirmed(bucket), "a sink of \(bucket) went back")
        places[bucket] = Place(confirmed: offset, begun: max(offset, begun(bucket)))
        isSaved = false
    }

    public func save() async throws {
        if isSaved { return }
        let list = places.keys.sorted().map { bucket -> JSONValue in
            [
                "bucket": .integer(Int64(bucket.bucket)),
                "confirmed": .integer(confirmed(bucket)), "begun": .integer(begun(bucket)),
            ]
        }
        let json: JSONValue = ["source": .string(source), "buckets": .array(list)]
        do throws(IngestError) { try file.write(Array(json.compact.utf8)) } catch {
            throw SinkError.refused(reason: "\(error)")
        }
        isSaved = true
    }
}
