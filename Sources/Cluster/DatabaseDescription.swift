import Columnar

/// A database: a name under which tables stand, and what its creator said of it.
public struct DatabaseDescription: Hashable, Sendable {
    public var name: String
    public var comment: String?
    /// The creator's own, kept as they are, by name in order.
    public var properties: [TableProperties.Entry]
    /// By the coordinator's wall clock, in milliseconds since 1970.
    public var createdMilliseconds: Int64

    public init(
        name: String, comment: String? = nil, properties: [(String, String)] = [],
        createdMilliseconds: Int64 = 0
    ) {
        self.name = name
        self.comment = comment
        self.properties = properties.map { TableProperties.Entry(name: $0.0, value: $0.1) }
            .sorted { $0.name < $1.name }
        self.createdMilliseconds = createdMilliseconds
    }

    private static let textByteCountLimit = 16 * 1024

    /// Throws `.invalidRequest` with the first thing that is wrong.
    func check() throws(ClusterError) {
        if let objection = TablePath.objection(to: name) {
            throw .invalidRequest(
                reason: "database name \(name.debugDescription): \(objection)")
        }
        let byteCount = properties.reduce(comment?.utf8.count ?? 0) {
            $0 + $1.name.utf8.count + $1.value.utf8.count
        }
        guard byteCount <= Self.textByteCountLimit else {
            throw .invalidRequest(
                reason: "the comment and the properties of database \(name) have \(byteCount) "
                    + "bytes; at most \(Self.textByteCountLimit) are taken")
        }
    }

    /// Whether this is what a creator asked for.
    func isSame(asRequested other: DatabaseDescription) -> Bool {
        var stamped = other
        stamped.createdMilliseconds = createdMilliseconds
        return self == stamped
    }
}

extension DatabaseDescription: StoredValue {
    func encode(into writer: inout ByteWriter) {
        writer.append(string: name)
        writer.append(optional: comment) { $0.append(string: $1) }
        writer.append(list: properties) {
            $0.append(string: $1.name)
            $0.append(string: $1.value)
        }
        writer.append(littleEndian: createdMilliseconds)
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        let name = try reader.readString()
        let comment = try reader.readOptional { (reader) throws(ColumnarError) in
            try reader.readString()
        }
        let properties = try reader.readList { (reader) throws(ColumnarError) in
            (try reader.readString(), try reader.readString())
        }
        self.init(
            name: name, comment: comment, properties: properties,
            createdMilliseconds: try reader.readLittleEndian())
    }
}
