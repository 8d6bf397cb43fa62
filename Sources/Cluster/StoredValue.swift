import Columnar

/// Stands in the coordination service under a version.
///
///     version  i16, little endian
///     body     the `WireCodable` form
///     CRC-32C  u32 of all before, from version 2 on
protocol StoredValue: WireCodable {}

extension StoredValue {
    /// The bytes to write in a cluster of a format.
    func stored(in format: FormatVersion) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(littleEndian: format.number)
        encode(into: &writer)
        if format >= .checksummed { writer.append(littleEndian: crc32c(writer.bytes)) }
        return writer.bytes
    }

    /// Reads a value of any version up to `supported`.
    ///
    /// Throws `.unsupportedFormat` for a later one, `.malformedMessage` for bytes that are none.
    init(stored bytes: [UInt8], supported: FormatVersion) throws(ClusterError) {
        do {
            var header = ByteReader(bytes)
            let number: Int16 = try header.readLittleEndian()
            guard let version = FormatVersion(number), version <= supported else {
                throw ClusterError.unsupportedFormat(
                    "\(Self.self)", version: number, newest: supported.number)
            }
            let checksumCount = version >= .checksummed ? 4 : 0
            guard bytes.count >= 2 + checksumCount else {
                throw ClusterError.malformedMessage(reason: "\(Self.self): it is cut")
            }
            let end = bytes.count - checksumCount
            if checksumCount > 0 {
                var tail = ByteReader(bytes, range: end..<bytes.count)
                guard try tail.readLittleEndian(UInt32.self) == crc32c(bytes[..<end]) else {
                    throw ClusterError.malformedMessage(
                        reason: "\(Self.self): the checksum is wrong")
                }
            }
            var body = ByteReader(bytes, range: 2..<end)
            self = try Self(from: &body)
            if !body.isAtEnd {
                throw ClusterError.malformedMessage(
                    reason: "\(Self.self): \(body.remaining) bytes left over")
            }
        } catch let error as ClusterError {
            throw error
        } catch {
            throw .malformedMessage(reason: "\(Self.self): \(error)")
        }
    }
}

/// The format of everything that is written, as it stands in the coordination service.
///
/// Always written in the oldest version, so that every node can read it.
struct ClusterFormat: StoredValue, Hashable {
    /// Greater than what this program knows where a later one has raised it.
    var number: Int16

    func encode(into writer: inout ByteWriter) { writer.append(littleEndian: number) }

    init(_ version: FormatVersion) { number = version.number }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        number = try reader.readLittleEndian()
    }
}

/// The last number that was drawn from a counter.
struct StoredCounter: StoredValue, Hashable {
    var last: Int64

    func encode(into writer: inout ByteWriter) { writer.append(littleEndian: last) }

    init(last: Int64) { self.last = last }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        last = try reader.readLittleEndian()
    }
}

/// The machine that leads a service.
struct LeaderName: StoredValue, Hashable {
    var machine: String

    func encode(into writer: inout ByteWriter) { writer.append(string: machine) }

    init(_ machine: String) { self.machine = machine }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        machine = try reader.readString()
    }
}
