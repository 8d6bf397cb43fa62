public import Platform

extension Machine {
    /// As `File.read`, but a sector that the device cannot read comes as zeros: for bytes that
    /// carry a checksum, whose reader then finds damage like any other.
    ///
    /// A device that lost a sector (Bairavasundaram et al., "An Analysis of Latent Sector Errors in
    /// Disk Drives", SIGMETRICS 2007) says so at each read until the sector is written anew. To
    /// wait until it heals would be for ever; what other replicas hold is better. Where nothing
    /// else can be read either, it is the device that fails and not a sector: `DiskError`, and
    /// another time may do.
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
        let end = min(offset + Int64(count), try await file.size())
        try await requireAnswers(file, offset..<max(offset, end))
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
        if lost.isEmpty { return (bytes, []) }
        // The disk may have fallen silent in between, and have come back only just now.
        try await requireAnswers(file, offset..<end)
        for range in lost {
            guard
                let part = try await read(
                    file, at: range.lowerBound, count: range.count, attempts: 3)
            else { continue }
            let start = Int(range.lowerBound - offset)
            bytes.replaceSubrange(start..<start + part.count, with: part)
            lost.removeAll { $0 == range }
        }
        for range in lost {
            observer.reached("sector given up as unreadable")
            observer.note(
                .warning,
                "\(file.path) cannot be read from \(range.lowerBound) to \(range.upperBound): what "
                    + "stood there is taken for damaged")
        }
        return (bytes, lost)
    }

    /// Throws if nothing at all can be read: neither a sector in or beside a range of a file, nor
    /// another file.
    private func requireAnswers(_ file: any File, _ range: Range<Int64>) async throws {
        let places = [range.lowerBound, range.upperBound - 1, range.upperBound, 0]
        for place in places where place >= 0 {
            let byte = try await read(file, at: place, count: 1, attempts: 3)
            // Beyond the end there is nothing to be read, which says nothing.
            if let byte, !byte.isEmpty { return }
        }
        var silentCount = 0
        if try await isAnyReadable(in: "", except: file.path, &silentCount) { return }
        throw DiskError.inputOutput(path: file.path, operation: "read")
    }

    /// Whether the first byte of some file in a folder or below it can be read; false once many
    /// could not.
    private func isAnyReadable(
        in folder: String, except path: String, _ silentCount: inout Int
    ) async throws -> Bool {
        let names: [String]
        do { names = try await disk.list(folder) } catch is DiskError { return false }
        for name in names {
            let place = folder.isEmpty ? name : folder + "/" + name
            if name.hasSuffix("/") {
                let below = String(place.dropLast())
                if try await isAnyReadable(in: below, except: path, &silentCount) { return true }
            } else if place != path {
                let other: any File
                // It may be gone by now.
                do { other = try await disk.open(place, .existing) } catch is DiskError { continue }
                let byte = try await read(other, at: 0, count: 1, attempts: 3)
                await other.close()
                if let byte, !byte.isEmpty { return true }
                if byte == nil { silentCount += 1 }
            }
            if silentCount == 16 { return false }
        }
        return false
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
