public import Platform

extension Machine {
    /// As `File.read`, but a sector that the device cannot read comes as zeros: for bytes that
    /// carry a checksum, whose reader then finds damage like any other.
    ///
    /// A device that lost a sector (Bairavasundaram et al., "An Analysis of Latent Sector Errors in
    /// Disk Drives", SIGMETRICS 2007) says so at each read until the sector is written anew. To
    /// wait until it heals would be for ever; what other replicas hold is better. Where nothing
    /// else of the file can be read either, it is the device that fails and not a sector:
    /// `DiskError`, and another time may do.
    public func readOrZeros(
        _ file: any File, at offset: Int64, count: Int
    ) async throws -> [UInt8] {
        try await readTellingLost(file, at: offset, count: count).bytes
    }

    /// As `readOrZeros`, and which ranges of the file could not be read.
    func readTellingLost(
        _ file: any File, at offset: Int64, count: Int
    ) async throws -> (bytes: [UInt8], lost: [Range<Int64>]) {
        if let bytes = try await read(file, at: offset, count: count, attempts: 2) {
            return (bytes, [])
        }
        let size = try await file.size()
        let end = min(offset + Int64(count), size)
        var bytes: [UInt8] = []
        var lost: [Range<Int64>] = []
        var position = offset
        while position < end {
            let next = min(end, (position / sectorByteCount + 1) * sectorByteCount)
            let step = Int(next - position)
            if let part = try await read(file, at: position, count: step, attempts: 3) {
                bytes += part
                if part.count < step { break }
            } else {
                bytes += [UInt8](repeating: 0, count: step)
                lost.append(position..<next)
            }
            position = next
        }
        for range in lost {
            guard try await isRest(of: file, readableBeside: range, size) else {
                throw DiskError.inputOutput(path: file.path, operation: "read")
            }
            observer.reached("sector given up as unreadable")
            observer.note(
                .warning,
                "\(file.path) cannot be read from \(range.lowerBound) to \(range.upperBound): what "
                    + "stood there is taken for damaged")
        }
        return (bytes, lost)
    }

    /// Whether some other sector can be read; true if there is none.
    private func isRest(
        of file: any File, readableBeside range: Range<Int64>, _ size: Int64
    ) async throws -> Bool {
        let first = range.lowerBound / sectorByteCount * sectorByteCount
        let others = [0, first - sectorByteCount, first + sectorByteCount].filter {
            $0 >= 0 && $0 != first && $0 < size
        }
        for other in others {
            if try await read(file, at: other, count: 1, attempts: 3) != nil { return true }
        }
        return others.isEmpty
    }

    /// Nil if the device fails each time.
    private func read(
        _ file: any File, at offset: Int64, count: Int, attempts: Int
    ) async throws -> [UInt8]? {
        for _ in 0..<attempts {
            do {
                return try await file.read(at: offset, count: count)
            } catch DiskError.inputOutput {}
        }
        return nil
    }
}

/// The smallest sector that drives have: nothing beside a lost one is given up with it.
private let sectorByteCount: Int64 = 512
