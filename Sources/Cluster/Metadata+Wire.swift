import Columnar

extension BucketState: StoredValue {
    func encode(into writer: inout ByteWriter) {
        writer.append(list: replicas) { $0.append(string: $1) }
        writer.append(optional: leader) {
            $0.append(string: $1.server)
            $0.append(littleEndian: $1.incarnation)
        }
        writer.append(littleEndian: leaderEpoch)
        writer.append(list: inSync) { $0.append(string: $1) }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        replicas = try reader.readList { (reader) throws(ColumnarError) in try reader.readString() }
        leader = try reader.readOptional { (reader) throws(ColumnarError) in
            Leader(server: try reader.readString(), incarnation: try reader.readLittleEndian())
        }
        leaderEpoch = try reader.readLittleEndian()
        inSync = try reader.readList { (reader) throws(ColumnarError) in try reader.readString() }
    }
}

extension ServerRegistration: StoredValue {
    func encode(into writer: inout ByteWriter) {
        writer.append(littleEndian: incarnation)
        writer.append(littleEndian: formatVersion)
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        incarnation = try reader.readLittleEndian()
        formatVersion = try reader.readLittleEndian()
    }
}

extension ManifestPointer: StoredValue {
    func encode(into writer: inout ByteWriter) {
        writer.append(string: key)
        writer.append(littleEndian: endOffset)
        writer.append(littleEndian: leaderEpoch)
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        key = try reader.readString()
        endOffset = try reader.readLittleEndian()
        leaderEpoch = try reader.readLittleEndian()
    }
}

extension TableDescription: StoredValue {
    func encode(into writer: inout ByteWriter) {
        writer.append(littleEndian: identifier)
        writer.append(string: name)
        schema.encode(into: &writer)
        writer.append(littleEndian: bucketCount)
        writer.append(zigZag: Int64(replicationFactor))
        writer.append(list: bucketKey) { $0.append(zigZag: Int64($1)) }
        writer.append(byte: isInLake ? 1 : 0)
        writer.append(zigZag: Int64(vectorColumn ?? -1))
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        let start = reader.position
        identifier = try reader.readLittleEndian()
        name = try reader.readString()
        schema = try Schema(from: &reader)
        bucketCount = try reader.readLittleEndian()
        replicationFactor = try reader.readNumber()
        bucketKey = try reader.readList { (reader) throws(ColumnarError) in
            try reader.readNumber()
        }
        isInLake = try reader.readByte() != 0
        let vector = try reader.readNumber()
        vectorColumn = vector < 0 ? nil : vector
        let positions = bucketKey + (vector < 0 ? [] : [vector])
        let isSound =
            bucketCount > 0 && replicationFactor > 0
            && positions.allSatisfy(schema.fields.indices.contains)
        if !isSound {
            throw .corrupt(reason: "the description contradicts itself", position: start)
        }
    }
}
