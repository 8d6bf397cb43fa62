import Columnar

/// What every frame says after its call number: which call, in which version, i16 each.
struct CallHeader: Hashable, WireCodable {
    var key: Int16
    var version: Int16

    /// Of an answer to a frame whose own header could not be read.
    static let unreadable = CallHeader(key: -1, version: -1)

    private init(key: Int16, version: Int16) {
        self.key = key
        self.version = version
    }

    /// The header of a call in the newest version that every node of the cluster understands.
    init(of request: Request, in format: FormatVersion) throws(ClusterError) {
        guard let versions = request.key.versions(at: format),
            versions.upperBound >= request.oldestVersion
        else {
            throw .invalidRequest(
                reason: "the cluster's format \(format) has no such \(request.key): upgrade all "
                    + "servers first")
        }
        self.init(key: request.key.rawValue, version: versions.upperBound)
    }

    func encode(into writer: inout ByteWriter) {
        writer.append(littleEndian: key)
        writer.append(littleEndian: version)
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        key = try reader.readLittleEndian()
        version = try reader.readLittleEndian()
    }
}

extension Response {
    /// Reads an answer after its call number; one that cannot be read fails its own call alone.
    init(answering reader: inout ByteReader) {
        do {
            _ = try CallHeader(from: &reader)
            self = try Response(from: &reader)
            if !reader.isAtEnd {
                throw ColumnarError.corrupt(
                    reason: "\(reader.remaining) bytes after the answer",
                    position: reader.position)
            }
        } catch {
            self = .failure(.malformedMessage(reason: "an answer: \(error)"))
        }
    }
}
