/// What bytes are for, of those that are written, sent, put and held.
public enum ByteLayer: String, CaseIterable, Sendable {
    case frames, headers, arrow, records, indexes, rows, manifests, calls, fetches, reads
    case lakeFiles, lakeMetadata, vectors, other

    /// Where bytes are counted.
    public enum Place: String, CaseIterable, Sendable {
        case written, sent, put, held

        var title: String {
            switch self {
            case .written: "written to disks"
            case .sent: "sent"
            case .put: "put into the object store"
            case .held: "held at the end"
            }
        }

        /// The figure that all layers of the place add up to; two for what is held.
        public var totals: [String] {
            switch self {
            case .written: ["disk.writtenBytes"]
            case .sent: ["network.bytes"]
            case .put: ["objects.putBytes"]
            case .held: ["disk.heldBytes", "objects.storedBytes"]
            }
        }
    }

    public func figure(_ place: Place) -> String { "bytes.\(place.rawValue).\(rawValue)" }

    /// For people.
    public var title: String {
        switch self {
        case .frames: "frames of segment files"
        case .headers: "headers of batches"
        case .arrow: "what Arrow says of its buffers"
        case .records: "records"
        case .indexes: "indexes and state of logs"
        case .rows: "tables of rows"
        case .manifests: "manifests of logs and rows"
        case .calls: "writes, but for their records"
        case .fetches: "fetches, but for their batches"
        case .reads: "other questions and answers"
        case .lakeFiles: "files of lake tables"
        case .lakeMetadata: "metadata of lake tables"
        case .vectors: "vector indexes"
        case .other: "all else"
        }
    }

    /// One figure for each layer and place, and no limit: their totals have one.
    static var figures: [BenchFigure] {
        Place.allCases.flatMap { place in
            allCases.map { layer in
                BenchFigure(
                    layer.figure(place), "Bytes \(place.title): \(layer.title)", .bytes, .neither)
            }
        }
    }
}

extension BenchReport {
    /// For each case how many bytes of each layer were written, sent, put and held for a byte that
    /// the changes say.
    public var byteText: String {
        var lines: [String] = []
        for run in tank.runs {
            guard let said = run["changes.bytes"], said > 0 else { continue }
            if !lines.isEmpty { lines.append("") }
            lines.append("\(run.of): bytes for each of \(BenchFigure.Unit.bytes.text(said)) given")
            lines += Self.aligned(Self.byteRows(run, said))
        }
        return lines.joined(separator: "\n")
    }

    private static func byteRows(_ run: BenchTank.Run, _ said: Int) -> [[String]] {
        func cell(_ byteCount: Int) -> String {
            byteCount == 0 ? "" : BenchFigure.Unit.ratio.text(byteCount * 1000 / said)
        }
        let places = ByteLayer.Place.allCases
        var rows = [[""] + places.map(\.rawValue)]
        for layer in ByteLayer.allCases {
            let counts = places.map { run[layer.figure($0)] ?? 0 }
            if counts.contains(where: { $0 > 0 }) { rows.append([layer.title] + counts.map(cell)) }
        }
        rows.append(
            ["all"] + places.map { cell($0.totals.reduce(0) { $0 + (run[$1] ?? 0) }) })
        return rows
    }
}
