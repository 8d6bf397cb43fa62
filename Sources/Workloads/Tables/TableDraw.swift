public import Columnar

/// Draws tables: columns of any type, keys, partitions, and properties that go together.
public enum TableDraw {
    static func table(_ name: String, _ random: inout RandomSource) -> TableDefinition {
        let isKeyed = random.below(4) > 0
        var fields: [Field] = []
        var keyCount = 0
        if isKeyed {
            keyCount = 1 + random.below(2)
            for number in 0..<keyCount {
                fields.append(
                    column("key_\(number + 1)", keyTypes[random.below(keyTypes.count)], false))
            }
        }
        let isInLake = random.below(4) == 0
        let isPartitioned = !isInLake && random.below(3) == 0
        if isPartitioned {
            let type = partitionTypes[random.below(partitionTypes.count)]
            fields.append(column("part", type, false))
        }
        for number in 0..<(1 + random.below(6)) {
            let type = isInLake ? lakeType(&random) : columnType(&random)
            fields.append(column("column_\(number + 1)", type, true))
        }
        for position in fields.indices { fields[position].identifier = Int32(position + 1) }
        let key = isKeyed ? Array(0..<(keyCount + (isPartitioned ? 1 : 0))) : []
        // Rows whose keys begin alike are in one bucket, where the key has a second column.
        var bucketKey = isKeyed ? [0] : random.below(2) == 0 || isPartitioned ? [] : [0]
        if bucketKey == [0], fields[0].isNullable || fields[0].type.isNested { bucketKey = [] }
        var table = TableDefinition(
            name: name, schema: Schema(fields: fields, primaryKey: key), bucketKey: bucketKey)
        if isPartitioned { table.partitionKey = [keyCount] }
        set("table.datalake.enabled", isInLake ? "true" : "false", &table)
        table.isEvolving = true
        if random.below(3) == 0 {
            let codec = ["LZ4_FRAME", "ZSTD"][random.below(2)]
            set("table.log.arrow.compression.type", codec, &table)
        }
        if random.below(3) == 0 { set("table.statistics.columns", "*", &table) }
        if isKeyed { drawMerging(&table, &random) }
        table.hasPartialUpdates = table.takesPartialUpdates
        return table
    }

    private static func set(_ name: String, _ value: String, _ table: inout TableDefinition) {
        table.properties.append(TableDefinition.Property(name: name, value: value))
    }

    private static func column(_ name: String, _ type: DataType, _ isNullable: Bool) -> Field {
        Field(identifier: 0, name: name, type: type, isNullable: isNullable)
    }

    // MARK: Merging

    private static func drawMerging(
        _ table: inout TableDefinition, _ random: inout RandomSource
    ) {
        switch random.below(8) {
        case 0:
            set("table.merge-engine", "first_row", &table)
        case 1:
            set("table.merge-engine", "versioned", &table)
            set("table.merge-engine.versioned.ver-column", "version", &table)
            let types: [DataType] = [.int, .bigint, .timestamp(precision: 3)]
            add("version", types[random.below(types.count)], &table)
        case 2:
            set("table.merge-engine", "aggregation", &table)
            if random.below(2) == 0 { set("table.delete.behavior", "allow", &table) }
            for (name, type, function) in aggregates where random.below(2) == 0 {
                add(name, type, &table)
                set("fields.\(name).agg", function, &table)
            }
        default:
            if random.below(3) == 0 { set("table.changelog.image", "WAL", &table) }
            let behavior = random.below(6)
            if behavior < 2 {
                set("table.delete.behavior", ["ignore", "disable"][behavior], &table)
            }
            if random.below(3) == 0 {
                add("number", random.below(2) == 0 ? .int : .bigint, &table)
                table.autoIncrementColumn = table.schema.position(of: "number")
            }
        }
    }

    private static func add(_ name: String, _ type: DataType, _ table: inout TableDefinition) {
        var fields = table.schema.fields
        fields.append(
            Field(identifier: table.schema.highestFieldIdentifier + 1, name: name, type: type))
        table.schema = Schema(fields: fields, primaryKey: table.schema.primaryKey)
    }

    private static let aggregates: [(String, DataType, String)] = [
        ("total", .bigint, "sum"), ("amount", .decimal(precision: 20, scale: 2), "sum"),
        ("largest", .int, "max"), ("least", .string, "min"), ("notes", .string, "listagg"),
        ("all_of", .boolean, "bool_and"), ("any_of", .boolean, "bool_or"),
        ("first", .string, "first_value"), ("first_known", .int, "first_value_ignore_nulls"),
        ("last", .double, "last_value"), ("seen_by", .bytes, "rbm32"),
    ]

    // MARK: Types

    private static let keyTypes: [DataType] = [
        .int, .bigint, .string, .smallint, .date, .char(length: 6), .binary(length: 4),
        .decimal(precision: 12, scale: 2), .timestamp(precision: 6), .uuid, .bytes,
    ]

    private static let partitionTypes: [DataType] = [
        .string, .string, .int, .bigint, .smallint, .boolean, .char(length: 4),
    ]

    private static func lakeType(_ random: inout RandomSource) -> DataType {
        let digits = random.below(7)
        let types: [DataType] = [
            .boolean, .tinyint, .smallint, .int, .bigint, .float, .double,
            .decimal(precision: 1 + random.below(38), scale: 0), .char(length: 5), .string,
            .binary(length: 3), .bytes, .date, .time(precision: digits), .uuid,
            .timestamp(precision: digits), .timestampLTZ(precision: digits),
            .vector(dimension: 3), .array(ArrayType(.int)), .map(MapType(.string, .smallint)),
            .row(
                RowType([column("first", .tinyint, true), column("second", .string, true)])),
        ]
        return types[random.below(types.count)]
    }

    /// The type of a column, nested or not.
    public static func columnType(_ random: inout RandomSource) -> DataType {
        type(depth: 0, &random)
    }

    private static func type(depth: Int, _ random: inout RandomSource) -> DataType {
        if depth < 2 && random.below(4) == 0 {
            switch random.below(3) {
            case 0: return .array(ArrayType(type(depth: depth + 1, &random)))
            case 1: return .map(MapType(.string, type(depth: depth + 1, &random)))
            default:
                return .row(
                    RowType([
                        column("first", type(depth: depth + 1, &random), true),
                        column("second", type(depth: depth + 1, &random), true),
                    ]))
            }
        }
        let precision = random.below(10)
        let types: [DataType] = [
            .boolean, .tinyint, .smallint, .int, .bigint, .float, .double,
            .decimal(precision: 1 + random.below(38), scale: 0), .char(length: 5), .string,
            .binary(length: 3), .bytes, .date, .time(precision: precision),
            .timestamp(precision: precision), .timestampLTZ(precision: precision), .uuid,
            .vector(dimension: 3),
        ]
        return types[random.below(types.count)]
    }
}
