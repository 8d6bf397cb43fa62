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
        if let range = lost.first {
            guard try await isDiskReadable(beside: range, of: file, size) else {
                throw DiskError.inputOutput(path: file.path, operation: "read")
            }
        }
        var stillLost: [Range<Int64>] = []
        for range in lost {
            // The disk may have come back only just now.
            let step = range.count
            if let part = try await read(file, at: range.lowerBound, count: step, attempts: 3),
                part.count == step
            {
                let start = Int(range.lowerBound - offset)
                bytes.replaceSubrange(start..<start + step, with: part)
                continue
            }
            stillLost.append(range)
            observer.reached("sector given up as unreadable")
            observer.note(
                .warning,
                "\(file.path) cannot be read from \(range.lowerBound) to \(range.upperBound): what "
                    + "stood there is taken for damaged")
        }
        return (bytes, stillLost)
    }

    /// Whether anything else can be read: another sector of the file, or else another file.
    private func isDiskReadable(
        beside range: Range<Int64>, of file: any File, _ size: Int64
    ) async throws -> Bool {
        let sector = range.lowerBound / sectorByteCount * sectorByteCount
        for other in [0, sector - sectorByteCount, sector + sectorByteCount]
        where other >= 0 && other != sector && other < size {
            if try await read(file, at: other, count: 1, attempts: 3) != nil { return true }
        }
        var attempts = 0
        return try await isReadable("", except: file.path, &attempts)
    }

    /// Whether the first byte of some file in a folder or below it can be read.
    private func isReadable(
        _ folder: String, except path: String, _ attempts: inout Int
    ) async throws -> Bool {
        for name in try await disk.list(folder) {
            let place = folder.isEmpty ? name : folder + "/" + name
            if name.hasSuffix("/") {
                let below = String(place.dropLast())
                if try await isReadable(below, except: path, &attempts) { return true }
            } else if place != path {
                let other = try await disk.open(place, .existing)
                let byte = try await read(other, at: 0, count: 1, attempts: 3)
                await other.close()
                // An empty file says nothing.
                if let byte, !byte.isEmpty { return true }
                if byte == nil { attempts += 1 }
            }
            if attempts == 16 { return false }
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
