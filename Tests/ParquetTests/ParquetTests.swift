import Columnar
import Parquet
import TestSupport
import Testing

@Suite("Parquet files")
struct ParquetTests {
    static let schema = ParquetSchema(everyColumn)

    static func configuration(_ compression: Compression) -> ParquetWriter.Configuration {
        var configuration = ParquetWriter.Configuration()
        configuration.compression = compression
        configuration.rowGroupRowLimit = 70
        configuration.pageRowLimit = 16
        return configuration
    }

    static func write(
        _ batch: RecordBatch, _ compression: Compression = .none
    ) throws -> ParquetFile {
        var writer = try ParquetWriter(
            schema: schema, configuration: configuration(compression))
        try writer.append(batch)
        return writer.finish()
    }

    @Test(
        "Rows come back as they were written",
        arguments: 0..<10 as Range<UInt64>, [Compression.none, .zstd])
    func roundTrip(seed: UInt64, compression: Compression) throws {
        var draws = SeededDraws(seed: seed)
        let batch = try draws.batch(everyColumn, rowCount: draws.next(below: 200))
        let file = try Self.write(batch, compression)
        #expect(file.rowCount == batch.rowCount)
        let reader = try ParquetReader.open(file.bytes)
        #expect(reader.contents.schema.columns.map(\.name) == Self.schema.columns.map(\.name))
        #expect(reader.contents.skippedColumns.isEmpty)
        #expect(
            reader.contents.rowGroups.map(\.firstRow)
                == Array(
                    stride(
                        from: 0, to: batch.rowCount, by: 70)))
        let parts = try reader.contents.rowGroups.map {
            try reader.read(rowGroup: $0.index, as: everyColumn)
        }
        let whole = try RecordBatch.concatenate(parts)
        #expect((whole?.rowCount ?? 0) == batch.rowCount)
        if let whole { #expect(whole.columns == batch.columns) }
    }

    @Test("Repeated values are stored once, and come back")
    func dictionary() throws {
        let schema = Schema(fields: [
            Field(identifier: 1, name: "text", type: .string),
            Field(identifier: 2, name: "number", type: .bigint, isNullable: false),
        ])
        let rows: [Row] = (0..<5000).map { row in
            [
                row % 7 == 0 ? .null : .string("a rather long text, number \(row % 10)"),
                .bigint(Int64(row / 100)),
            ]
        }
        let batch = try RecordBatch(schema: schema, rows: rows)
        var sizes: [Int] = []
        for isEnabled in [true, false] {
            var configuration = ParquetWriter.Configuration()
            configuration.compression = .none
            configuration.isDictionaryEnabled = isEnabled
            var writer = try ParquetWriter(
                schema: ParquetSchema(schema), configuration: configuration)
            try writer.append(batch)
            let file = writer.finish()
            sizes.append(file.bytes.count)
            #expect(try ParquetReader.open(file.bytes).readAll()[0].columns == batch.columns)
        }
        #expect(sizes[0] * 10 < sizes[1])
    }

    @Test("A file tells counts and bounds by field id", arguments: 0..<10 as Range<UInt64>)
    func metrics(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        let batch = try draws.batch(everyColumn, rowCount: 150)
        let file = try Self.write(batch)
        #expect(file.splitOffsets.count == 3)
        #expect(file.splitOffsets[0] == 4)
        let flat = file.columns.filter { !$0.isRepeated }
        var checked = 0
        for (index, column) in batch.columns.enumerated() {
            let field = everyColumn.fields[index]
            guard let metrics = flat.first(where: { $0.identifier == field.identifier }) else {
                #expect(field.type.isNested || field.type.storage == .floats(3))
                continue
            }
            checked += 1
            #expect(metrics.nullCount == column.nullCount)
            #expect(metrics.byteCount > 0)
            #expect(metrics.valueCount == 150)
            let values = (0..<150).map { column.value(at: $0) }.filter { $0 != .null }
            let numbers = values.filter { $0 == $0 }
            #expect(metrics.nanCount == values.count - numbers.count)
            let sorted = numbers.sorted { Value.compare($0, $1) == .ascending }
            #expect(Value.compare(metrics.lowerBound ?? .null, sorted[0]) == .same)
            #expect(Value.compare(metrics.upperBound ?? .null, sorted[sorted.count - 1]) == .same)
        }
        #expect(checked == 2 * (everyScalarType.count - 1))
        let elements = file.columns.filter(\.isRepeated)
        #expect(!elements.isEmpty)
        for metrics in elements {
            #expect(everyColumn.position(ofIdentifier: metrics.identifier) == nil)
            #expect(metrics.valueCount >= 150)
        }
    }

    @Test("Row groups that cannot hold a value are known by their statistics")
    func rowGroupSkipping() throws {
        let schema = Schema(fields: [Field(identifier: 1, name: "id", type: .bigint)])
        var writer = try ParquetWriter(
            schema: ParquetSchema(schema), configuration: Self.configuration(.none))
        try writer.append(
            try RecordBatch(schema: schema, rows: (0..<210).map { [.bigint(Int64($0))] }))
        let contents = try ParquetReader.open(writer.finish().bytes).contents
        func groups(_ lower: Value?, _ upper: Value?) -> [Int] {
            contents.rowGroups.filter {
                $0.statistics(ofColumn: 0).mayContain(from: lower, through: upper)
            }.map(\.index)
        }
        #expect(groups(nil, nil) == [0, 1, 2])
        #expect(groups(.bigint(75), .bigint(75)) == [1])
        #expect(groups(.bigint(69), .bigint(70)) == [0, 1])
        #expect(groups(.bigint(210), nil) == [])
        #expect(groups(nil, .bigint(-1)) == [])
        #expect(contents.rowGroups[0].statistics(ofColumn: 0).nullCount == 0)
    }

    @Test("Bounds of long texts are cut, the upper one counted up, and still hold")
    func longBounds() throws {
        let schema = Schema(fields: [Field(identifier: 1, name: "text", type: .string)])
        let long = "x" + String(repeating: "波", count: 200)
        var writer = try ParquetWriter(schema: ParquetSchema(schema))
        try writer.append(try RecordBatch(schema: schema, rows: [[.string(long)]]))
        let file = writer.finish()
        #expect(file.columns[0].lowerBound == .string(long))
        let group = try ParquetReader.open(file.bytes).contents.rowGroups[0]
        let statistics = group.statistics(ofColumn: 0)
        #expect(statistics.minimum == .string("x" + String(repeating: "波", count: 85)))
        #expect(
            statistics.maximum == .string("x" + String(repeating: "波", count: 84) + "\u{6CE3}"))
        #expect(statistics.mayContain(from: .string(long), through: .string(long)))
    }

    @Test("Columns are read by field id into a newer schema")
    func evolution() throws {
        let old = Schema(fields: [
            Field(identifier: 1, name: "id", type: .int, isNullable: false),
            Field(identifier: 2, name: "dropped", type: .string),
            Field(identifier: 3, name: "old name", type: .float),
        ])
        let new = Schema(fields: [
            Field(identifier: 3, name: "new name", type: .double),
            Field(identifier: 4, name: "added", type: .string),
            Field(identifier: 1, name: "id", type: .bigint, isNullable: false),
        ])
        var writer = try ParquetWriter(schema: ParquetSchema(old))
        try writer.append(
            try RecordBatch(schema: old, rows: [[.int(5), .string("x"), .float(0.5)]]))
        let reader = try ParquetReader.open(writer.finish().bytes)
        let batch = try reader.read(rowGroup: 0, as: new)
        #expect(batch.schema == new)
        #expect(batch.rows == [[.double(0.5), .null, .bigint(5)]])
        let strict = Schema(fields: [
            Field(identifier: 4, name: "added", type: .string, isNullable: false)
        ])
        #expect(throws: ColumnarError.self) { try reader.read(rowGroup: 0, as: strict) }
    }

    @Test("A range reader fetches the footer and the wanted columns, and no more than it must")
    func ranges() async throws {
        var draws = SeededDraws(seed: 11)
        let batch = try draws.batch(everyColumn, rowCount: 150)
        let bytes = try Self.write(batch, .zstd).bytes
        var fetched: [Range<Int64>] = []
        let reader = try await ParquetRangeReader.open(byteCount: Int64(bytes.count)) { range in
            fetched.append(range)
            return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        }
        #expect(fetched.count == 1)
        let wanted = everyColumn.project([everyColumn.fields.count - 1, 2])
        let part = try await reader.read(rowGroup: 1, as: wanted)
        #expect(fetched.count <= 3)
        let expected = batch.slice(70..<140)
        #expect(part.columns[0] == expected.columns[everyColumn.fields.count - 1])
        #expect(part.columns[1] == expected.columns[2])

        let short = try await ParquetRangeReader.open(byteCount: Int64(bytes.count)) { range in
            let isFooter = range.upperBound == Int64(bytes.count)
            return isFooter ? Array(bytes[Int(range.lowerBound)...]) : []
        }
        await #expect(throws: ColumnarError.self) { try await short.read(rowGroup: 0) }
    }

    @Test(
        "Files of pyarrow and DuckDB are read",
        arguments: [GoldenFiles.pyarrow, GoldenFiles.duckdb])
    func golden(_ bytes: [UInt8]) throws {
        let reader = try ParquetReader.open(bytes, expected: GoldenFiles.schema)
        #expect(
            reader.contents.schema.columns.map(\.type) == GoldenFiles.schema.columns.map(\.type))
        #expect(reader.contents.schema.columns.map(\.identifier) == [1, 2, 3, 4, 5])
        #expect(
            reader.contents.schema.columns[4].type
                == .vector(dimension: 2, elementIdentifier: 6))
        #expect(try reader.readAll()[0].rows == GoldenFiles.rows)
        // Without the expected schema nobody knows how long the vectors are: they are lists.
        let blind = try ParquetReader.open(bytes)
        let rows = GoldenFiles.rows.map { row in
            row.map { value -> Value in
                guard case .vector(let elements) = value else { return value }
                return .array(elements.map { .float($0) })
            }
        }
        #expect(try blind.readAll()[0].rows == rows)
    }

    @Test("A position-delete file has Iceberg's reserved columns, both required")
    func positionDeletes() throws {
        let schema = ParquetSchema(columns: [
            ParquetColumn(
                identifier: 2_147_483_546, name: "file_path", type: .string, isRequired: true),
            ParquetColumn(identifier: 2_147_483_545, name: "pos", type: .bigint, isRequired: true),
        ])
        var writer = try ParquetWriter(schema: schema)
        let rows: [Row] = [[.string("a"), .bigint(3)], [.string("a"), .bigint(9)]]
        try writer.append(try RecordBatch(schema: schema.batchSchema, rows: rows))
        let file = writer.finish()
        #expect(file.columns[0].lowerBound == file.columns[0].upperBound)
        #expect(try ParquetReader.open(file.bytes).readAll()[0].rows == rows)
        #expect(throws: ColumnarError.self) {
            try RecordBatch(schema: schema.batchSchema, rows: [[.null, .bigint(3)]])
        }
    }

    @Test("What cannot be written is refused before a byte is")
    func refused() {
        func check(_ columns: [ParquetColumn], _ configuration: ParquetWriter.Configuration) {
            #expect(throws: ColumnarError.self) {
                try ParquetWriter(
                    schema: ParquetSchema(columns: columns), configuration: configuration)
            }
        }
        let column = ParquetColumn(identifier: 1, name: "a", type: .int)
        check([column, column], .init())
        check([ParquetColumn(identifier: 1, name: "a", type: .vector(dimension: 0))], .init())
        check(
            [ParquetColumn(identifier: 1, name: "a", type: .decimal(precision: 39, scale: 0))],
            .init())
        var configuration = ParquetWriter.Configuration()
        configuration.compression = .lz4Frame
        check([column], configuration)
        configuration.compression = .none
        configuration.pageRowLimit = 0
        check([column], configuration)
    }

    @Test("A flipped bit in a page is told by its checksum")
    func checksum() throws {
        var draws = SeededDraws(seed: 12)
        let batch = try draws.batch(everyColumn, rowCount: 60)
        var bytes = try Self.write(batch).bytes
        let group = try ParquetReader.open(bytes)
        var trailer = ByteReader(bytes, range: bytes.count - 8..<bytes.count)
        let footer = Int(try trailer.readLittleEndian(UInt32.self))
        #expect(try group.read(rowGroup: 0, as: everyColumn).columns == batch.columns)
        // The last bytes before the footer are those of the last page.
        bytes[bytes.count - 8 - footer - 1] ^= 1
        let damaged = try ParquetReader.open(bytes)
        do {
            _ = try damaged.read(rowGroup: 0, columns: [batch.columns.count - 1])
            Issue.record("the flipped bit was not seen")
        } catch {
            #expect("\(error)".contains("row group 0: column required"), "\(error)")
            #expect("\(error)".contains("page 3: the page does not match its checksum"))
        }
        #expect(try damaged.read(rowGroup: 0, columns: [0]).columns == [batch.columns[0]])
    }

    @Test("Damaged files are an error or other rows, never a crash", arguments: 0..<400)
    func damaged(seed: UInt64) throws {
        var draws = SeededDraws(seed: seed)
        var bytes: [UInt8]
        switch draws.next(below: 4) {
        case 0: bytes = GoldenFiles.pyarrow
        case 1: bytes = GoldenFiles.duckdb
        case 2: bytes = try Self.write(draws.batch(everyColumn, rowCount: 9)).bytes
        default: bytes = try Self.write(draws.batch(everyColumn, rowCount: 30), .zstd).bytes
        }
        // Cuts would mostly hit the trailer, so the rest is damaged and the trailer put behind.
        let trailer = Array(bytes.suffix(8))
        if draws.next(below: 8) == 0 {
            bytes = draws.damage(bytes)
        } else {
            bytes = draws.damageInPlace(Array(bytes.dropLast(8))) + trailer
        }
        guard
            let reader = try? ParquetReader.open(
                bytes, expected: GoldenFiles.schema, byteLimit: 1 << 20)
        else { return }
        for group in reader.contents.rowGroups {
            for column in reader.contents.schema.columns.indices {
                _ = group.statistics(ofColumn: column)
                if let batch = try? reader.read(rowGroup: group.index, columns: [column]) {
                    for row in 0..<batch.rowCount { _ = batch.row(at: row) }
                }
            }
        }
    }
}
