import Columnar

extension BucketState: WireCodable {
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

extension ServerRegistration: WireCodable {
    func encode(into writer: inout ByteWriter) { writer.append(littleEndian: incarnation) }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        incarnation = try reader.readLittleEndian()
    }
}

extension ManifestPointer: WireCodable {
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

extension TableDescription: WireCodable {
    func encode(into writer: inout ByteWriter) {
        writer.append(littleEndian: identifier)
        writer.append(string: name)
        writer.append(littleEndian: schema.identifier)
        writer.append(list: schema.fields) { writer, field in
            writer.append(littleEndian: field.identifier)
            writer.append(string: field.name)
            field.type.encode(into: &writer)
            writer.append(byte: field.isNullable ? 1 : 0)
        }
        writer.append(list: schema.primaryKey) { $0.append(zigZag: Int64($1)) }
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
        let schemaIdentifier: Int16 = try reader.readLittleEndian()
        let fields = try reader.readList { (reader) throws(ColumnarError) in
            Field(
                identifier: try reader.readLittleEndian(), name: try reader.readString(),
                type: try DataType(from: &reader), isNullable: try reader.readByte() != 0)
        }
        let primaryKey = try reader.readList { (reader) throws(ColumnarError) in
            try reader.readNumber()
        }
        bucketCount = try reader.readLittleEndian()
        replicationFactor = try reader.readNumber()
        bucketKey = try reader.readList { (reader) throws(ColumnarError) in
            try reader.readNumber()
        }
        isInLake = try reader.readByte() != 0
        let vector = try reader.readNumber()
        vectorColumn = vector < 0 ? nil : vector
        let positions = primaryKey + bucketKey + (vector < 0 ? [] : [vector])
        let isSound =
            bucketCount > 0 && replicationFactor > 0
            && positions.allSatisfy(fields.indices.contains)
            && primaryKey.allSatisfy { !fields[$0].isNullable }
            && Set(fields.map(\.identifier)).count == fields.count
            && Set(fields.map(\.name)).count == fields.count
        if !isSound {
            throw .corrupt(reason: "the description contradicts itself", position: start)
        }
        schema = Schema(identifier: schemaIdentifier, fields: fields, primaryKey: primaryKey)
    }
}

extension DataType: WireCodable {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .boolean: writer.append(byte: 0)
        case .int32: writer.append(byte: 1)
        case .int64: writer.append(byte: 2)
        case .float32: writer.append(byte: 3)
        case .float64: writer.append(byte: 4)
        case .string: writer.append(byte: 5)
        case .bytes: writer.append(byte: 6)
        case .date: writer.append(byte: 7)
        case .timestamp: writer.append(byte: 8)
        case .timestampWithZone: writer.append(byte: 9)
        case .decimal(let precision, let scale):
            writer.append(byte: 10)
            writer.append(byte: UInt8(precision))
            writer.append(byte: UInt8(scale))
        case .vector(let dimension):
            writer.append(byte: 11)
            writer.append(littleEndian: Int32(dimension))
        }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        let position = reader.position
        switch try reader.readByte() {
        case 0: self = .boolean
        case 1: self = .int32
        case 2: self = .int64
        case 3: self = .float32
        case 4: self = .float64
        case 5: self = .string
        case 6: self = .bytes
        case 7: self = .date
        case 8: self = .timestamp
        case 9: self = .timestampWithZone
        case 10:
            self = .decimal(
                precision: Int(try reader.readByte()), scale: Int(try reader.readByte()))
        case 11:
            let dimension: Int32 = try reader.readLittleEndian()
            if dimension < 1 {
                throw .corrupt(reason: "a vector without elements", position: position)
            }
            self = .vector(dimension: Int(dimension))
        case let code: throw .corrupt(reason: "no data type \(code)", position: position)
        }
    }
}
