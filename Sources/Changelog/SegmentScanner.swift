import Platform

/// Reads a segment file from its start, frame by frame.
struct SegmentScanner {
    private let machine: Machine
    private let file: any File
    let fileByteCount: Int64
    private var buffer: [UInt8] = []
    private var bufferStart: Int64 = 0
    /// What of the buffer stands for bytes that the device cannot read.
    private var lost: [Range<Int64>] = []
    /// Where in the file the next frame begins.
    private(set) var position: Int64 = 0
    private static let chunkByteCount = 1024 * 1024

    init(_ machine: Machine, _ file: any File, fileByteCount: Int64) {
        precondition(fileByteCount >= 0, "a file of negative size")
        self.machine = machine
        self.file = file
        self.fileByteCount = fileByteCount
    }

    enum Step {
        case batch(LogBatch, syncedEndOffset: Int64)
        case end
        case bad(reason: String)
    }

    mutating func next() async throws -> Step {
        if position == fileByteCount { return .end }
        while true {
            switch SegmentFrame.parse(buffer, at: Int(position - bufferStart)) {
            case .batch(let batch, let synced):
                let end = position + Int64(SegmentFrame.byteCount + batch.byteCount)
                // Its checksum may be right by chance, but it could not be written over in part.
                if lost.contains(where: { $0.overlaps(position..<end) }) {
                    return .bad(reason: "the device cannot read all of it")
                }
                position = end
                return .batch(batch, syncedEndOffset: synced)
            case .bad(let reason): return .bad(reason: reason)
            case .incomplete(let needed):
                if position + Int64(needed) > fileByteCount {
                    return .bad(reason: "the file ends inside a batch")
                }
                try await fill(needed)
            }
        }
    }

    private mutating func fill(_ needed: Int) async throws {
        let wanted = max(needed, Self.chunkByteCount)
        (buffer, lost) = try await machine.readTellingLost(
            file, at: position, count: Int(min(Int64(wanted), fileByteCount - position)))
        bufferStart = position
        if buffer.count < needed {
            throw DiskError.inputOutput(path: file.path, operation: "read of a known length")
        }
    }

    /// The first header at or after `position` that satisfies `isProof`.
    func search(
        from position: Int64, _ isProof: (SegmentFrame.Header) -> Bool
    ) async throws -> SegmentFrame.Header? {
        var start = position
        while start < fileByteCount {
            let bytes = try await machine.readOrZeros(
                file, at: start, count: Int(min(Int64(Self.chunkByteCount), fileByteCount - start)))
            var from = 0
            while let found = SegmentFrame.search(bytes, from: from) {
                if isProof(found.header) { return found.header }
                from = found.position + 1
            }
            // A header may lie across the border of two reads.
            let step = max(1, bytes.count - SegmentFrame.prefixByteCount + 1)
            start += Int64(bytes.count < Self.chunkByteCount ? bytes.count : step)
            if bytes.isEmpty { return nil }
        }
        return nil
    }
}
