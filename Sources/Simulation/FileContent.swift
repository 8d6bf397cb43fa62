import Platform

/// A file's bytes in the page cache, and how to undo what the device does not hold yet.
final class FileContent {
    /// The unit in which a device writes atomically, in bytes.
    static let sectorSize: Int64 = 512
    /// Changes without a sync from which on the kernel writes the older half back by itself.
    private static let writeBackLimit = 4096

    private struct Undo {
        var offset: Int64
        /// What stood there before, as far as the file reached.
        var bytes: [UInt8]
        var extent: Int64
        var sizeBefore: Int64
        var sequence: UInt64

        var sectors: StrideTo<Int64> {
            stride(
                from: offset / sectorSize * sectorSize, to: extent == 0 ? 0 : offset + extent,
                by: Int(sectorSize))
        }
    }

    private(set) var bytes = SparseBytes()
    /// Counts the changes, so that a sync covers just those before it.
    private(set) var sequence: UInt64 = 0
    /// Bytes written since the last sync.
    private(set) var dirtyByteCount: Int64 = 0
    /// Whether a name leads here; a file that was removed while open takes no account of space.
    var isLinked = true
    private var undo: [Undo] = []
    /// Sectors whose pages a failed sync dropped, by offset, with what the device holds there.
    private var droppedSectors: [Int64: [UInt8]] = [:]
    /// Sectors that the device cannot read, by offset, until they are written anew.
    private var unreadable: Set<Int64> = []

    var count: Int64 { bytes.count }

    func write(_ written: ArraySlice<UInt8>, at offset: Int64) {
        change(at: offset, extent: Int64(written.count))
        bytes.write(written, at: offset)
        if unreadable.isEmpty { return }
        // The drive puts another sector in the place of one that is written whole.
        unreadable = unreadable.filter {
            $0 < offset || $0 + Self.sectorSize > offset + Int64(written.count)
        }
    }

    func truncate(to size: Int64) {
        // What is cut off counts as overwritten by zeros, should the file grow again.
        change(at: size, extent: max(0, bytes.count - size))
        bytes.resize(to: size)
        unreadable = unreadable.filter { $0 < size }
    }

    func flipBit(_ bit: Int64) { bytes.flipBit(bit) }

    // MARK: Unreadable sectors

    func makeUnreadable(sector: Int64) {
        precondition(sector % Self.sectorSize == 0 && sector < count, "no sector of the file")
        unreadable.insert(sector)
    }

    /// Whether a read of a range meets a sector that cannot be read.
    func isUnreadable(_ range: Range<Int64>) -> Bool {
        unreadable.contains { $0 < range.upperBound && $0 + Self.sectorSize > range.lowerBound }
    }

    /// Whether a write of a range has to read such a sector first, for the part it leaves as it is.
    func needsUnreadable(toWrite range: Range<Int64>) -> Bool {
        unreadable.contains { sector in
            let end = sector + Self.sectorSize
            let isMet = sector < range.upperBound && end > range.lowerBound
            return isMet && (sector < range.lowerBound || end > range.upperBound)
        }
    }

    private func change(at offset: Int64, extent: Int64) {
        sequence += 1
        dirtyByteCount += extent
        undo.append(
            Undo(
                offset: offset, bytes: bytes.read(at: offset, count: Int(extent)), extent: extent,
                sizeBefore: bytes.count, sequence: sequence))
        if undo.count >= Self.writeBackLimit {
            makeDurable(upTo: undo[undo.count / 2].sequence)
        }
    }

    // MARK: Syncing

    /// Makes the changes up to `sequence` durable; sectors that were dropped stay so unless they
    /// were written anew.
    func makeDurable(upTo sequence: UInt64) {
        let count = undo.prefix { $0.sequence <= sequence }.count
        if !droppedSectors.isEmpty {
            for entry in undo.prefix(count) {
                for sector in entry.sectors { droppedSectors[sector] = nil }
            }
        }
        drop(count)
    }

    /// Drops the changes up to `sequence` from the page cache's duties, as a failed sync does.
    func dropDirtyPages(upTo sequence: UInt64) {
        let count = undo.prefix { $0.sequence <= sequence }.count
        let sectors = undo.prefix(count).flatMap { Array($0.sectors) }
        droppedSectors.merge(durableImages(of: sectors)) { old, _ in old }
        drop(count)
    }

    /// What the device holds of the file's bytes from `offset` on.
    func durableBytes(from offset: Int64) -> [UInt8] {
        let size = undo.first?.sizeBefore ?? bytes.count
        if offset >= size { return [] }
        var image = bytes.read(at: offset, count: Int(size - offset))
        // What was cut off since then is in the undo.
        image += [UInt8](repeating: 0, count: Int(size - offset) - image.count)
        func overlay(_ part: [UInt8], at start: Int64) {
            let low = max(start, offset)
            let high = min(start + Int64(part.count), size)
            if low >= high { return }
            image.replaceSubrange(
                Int(low - offset)..<Int(high - offset),
                with: part[Int(low - start)..<Int(high - start)])
        }
        for entry in undo.reversed() {
            overlay(before(entry, entry.offset..<entry.offset + entry.extent), at: entry.offset)
        }
        for sector in droppedSectors.keys.sorted() { overlay(droppedSectors[sector]!, at: sector) }
        return image
    }

    /// What the device holds of sectors that no failed sync has dropped, filled up with zeros.
    private func durableImages(of sectors: [Int64]) -> [Int64: [UInt8]] {
        var images: [Int64: [UInt8]] = [:]
        for sector in sectors where droppedSectors[sector] == nil && images[sector] == nil {
            var image = bytes.read(at: sector, count: Int(Self.sectorSize))
            image += [UInt8](repeating: 0, count: Int(Self.sectorSize) - image.count)
            images[sector] = image
        }
        for entry in undo.reversed() {
            for sector in entry.sectors where images[sector] != nil {
                let range = part(of: entry, in: sector)
                images[sector]!.replaceSubrange(
                    Int(range.lowerBound - sector)..<Int(range.upperBound - sector),
                    with: before(entry, range))
            }
        }
        return images
    }

    /// Takes the write of one random sector among the changes up to `sequence` back and returns
    /// what it should have been; nil if there is none that was not written again since.
    func loseSector(upTo sequence: UInt64, _ random: RandomStream) -> (Int64, [UInt8])? {
        let covered = undo.prefix { $0.sequence <= sequence }
        let later = Set(undo.dropFirst(covered.count).flatMap { Array($0.sectors) })
        let sectors = Set(covered.flatMap { Array($0.sectors) }).sorted().filter {
            !later.contains($0) && droppedSectors[$0] == nil && $0 < bytes.count
        }
        if sectors.isEmpty { return nil }
        let sector = sectors[random.next(in: 0..<sectors.count)]
        let written = bytes.read(at: sector, count: Int(Self.sectorSize))
        overwrite(durableImages(of: [sector])[sector]!, at: sector)
        return (sector, written)
    }

    /// Puts bytes where the machine did not write any, as far as the file reaches.
    func overwrite(_ image: [UInt8], at offset: Int64) {
        let count = max(0, min(Int64(image.count), bytes.count - offset))
        bytes.write(image[..<Int(count)], at: offset)
    }

    private func drop(_ count: Int) {
        undo.removeFirst(count)
        dirtyByteCount = undo.reduce(0) { $0 + $1.extent }
    }

    private func part(of entry: Undo, in sector: Int64) -> Range<Int64> {
        max(sector, entry.offset)..<min(sector + Self.sectorSize, entry.offset + entry.extent)
    }

    /// What stood in a range before a change: zeros beyond the end of the file.
    private func before(_ entry: Undo, _ range: Range<Int64>) -> [UInt8] {
        let start = min(Int(range.lowerBound - entry.offset), entry.bytes.count)
        let end = min(Int(range.upperBound - entry.offset), entry.bytes.count)
        return entry.bytes[start..<end]
            + [UInt8](repeating: 0, count: Int(range.upperBound - range.lowerBound) - (end - start))
    }

    // MARK: Losing

    private enum Fate {
        case lost, kept, torn
    }

    /// Loses all, nothing, or sector by sector some of what was not synced.
    func losePower(_ random: RandomStream) {
        if undo.isEmpty && droppedSectors.isEmpty { return }
        let fate: Fate = [.lost, .kept, .torn, .torn][random.next(in: 0..<4)]
        let size = keptSize(fate, random)
        let kept = keptChanges(fate, random)
        for sector in droppedSectors.keys.sorted() where kept[sector] ?? 0 == 0 {
            bytes.write(droppedSectors[sector]![...], at: sector)
        }
        bytes.resize(to: size)
        undo.removeAll()
        droppedSectors.removeAll()
        dirtyByteCount = 0
    }

    private func keptSize(_ fate: Fate, _ random: RandomStream) -> Int64 {
        let durable = undo.first?.sizeBefore ?? bytes.count
        switch fate {
        case .lost: return durable
        case .kept: return bytes.count
        case .torn:
            if bytes.count < durable { return random.chance(1, in: 2) ? bytes.count : durable }
            let sectors = UInt64((bytes.count - durable) / Self.sectorSize)
            let grown = Int64(random.next(in: 0..<(sectors + 2))) * Self.sectorSize
            return min(bytes.count, durable + grown)
        }
    }

    /// Undoes changes, newest first, but for the first few of each sector that the device holds;
    /// returns how many these are.
    ///
    /// A sector is written whole: it may hold any of the states it has had, never a mixture.
    private func keptChanges(_ fate: Fate, _ random: RandomStream) -> [Int64: Int] {
        var counts: [Int64: Int] = [:]
        for entry in undo {
            for sector in entry.sectors { counts[sector, default: 0] += 1 }
        }
        var kept = counts
        if fate == .lost { kept = counts.mapValues { _ in 0 } }
        if fate == .torn {
            for sector in counts.keys.sorted() {
                kept[sector] = random.next(in: 0..<(counts[sector]! + 1))
            }
        }
        for entry in undo.reversed() {
            for sector in entry.sectors {
                if counts[sector]! > kept[sector]! {
                    let range = part(of: entry, in: sector)
                    bytes.write(before(entry, range)[...], at: range.lowerBound)
                }
                counts[sector]! -= 1
            }
        }
        return kept
    }
}
