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
        // There is none before the cluster's format has it.
        guard let reassignment else { return }
        writer.append(list: reassignment.target) { $0.append(string: $1) }
        writer.append(list: reassignment.former) { $0.append(string: $1) }
    }

    init(from reader: inout ByteReader) throws(ColumnarError) {
        replicas = try reader.readList { (reader) throws(ColumnarError) in try reader.readString() }
        leader = try reader.readOptional { (reader) throws(ColumnarError) in
            Leader(server: try reader.readString(), incarnation: try reader.readLittleEndian())
        }
        leaderEpoch = try reader.readLittleEndian()
        inSync = try reader.readList { (reader) throws(ColumnarError) in try reader.readString() }
        if reader.isAtEnd { return }
        reassignment = Reassignment(
            target: try reader.readList { (reader) throws(ColumnarError) in
                try reader.readString()
            },
            former: try reader.readList { (reader) throws(ColumnarError) in
                try reader.readString()
            })
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
        writer.append(string: path.database)
        writer.append(string: path.table)
        writer.append(list: schemas.schemas) { $1.encode(into: &$0) }
        writer.append(littleEndian: bucketCount)
        writer.append(zigZag: Int64(replicationFactor))
        writer.append(list: bucketKeyFields) { $0.append(littleEndian: $1) }
        writer.append(optional: vectorField) { $0.append(littleEndian: $1) }
        writer.append(list: properties.entries) {
            $0.append(string: $1.name)
            $0.append(string: $1.value)
        }
        // Nodes of an earlier format cannot serve a table that has these, and say so.
        if partitionFields.isEmpty && autoIncrementField == nil { return }
        writer.append(list: partitionFields) { $0.append(littleEndian: $1) }
        writer.append(optional: autoIncrementField) { $0.append(littleEndian: $1) }
    }

    /// Reads a description that passes `check()`; anything else is `.corrupt`.
    init(from reader: inout ByteReader) throws(ColumnarError) {
        let start = reader.position
        identifier = try reader.readLittleEndian()
        path = TablePath(database: try reader.readString(), table: try reader.readString())
        let schemas = try reader.readList { (reader) throws(ColumnarError) in
            try Schema(from: &reader)
        }
        self.schemas = try SchemaHistory(validating: schemas)
        bucketCount = try reader.readLittleEndian()
        replicationFactor = try reader.readNumber()
        bucketKeyFields = try reader.readList { (reader) throws(ColumnarError) in
            try reader.readLittleEndian()
        }
        vectorField = try reader.readOptional { (reader) throws(ColumnarError) in
            try reader.readLittleEndian()
        }
        let properties = try reader.readList { (reader) throws(ColumnarError) in
            (try reader.readString(), try reader.readString())
        }
        partitionFields = []
        if !reader.isAtEnd {
            partitionFields = try reader.readList { (reader) throws(ColumnarError) in
                try reader.readLittleEndian()
            }
            autoIncrementField = try reader.readOptional { (reader) throws(ColumnarError) in
                try reader.readLittleEndian()
            }
        }
        do throws(ClusterError) {
            self.properties = try TableProperties(properties)
            try check()
        } catch {
            throw .corrupt(reason: "\(error)", position: start)
        }
    }
}
