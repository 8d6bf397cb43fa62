import Cluster
import Columnar
import ScenarioFiles
import Workloads

/// Draws changes to tables as they are at that moment.
struct ActDraw {
    private var random: RandomSource
    /// Names are never given twice.
    private var nextName = 0

    init(seed: UInt64, label: String) {
        random = RandomSource(seed: seed, label: "acts of \(label)")
    }

    /// Between a half and one and a half of a mean.
    mutating func interval(_ mean: Duration) -> Duration {
        mean / 2 + mean * random.below(1000) / 1000
    }

    mutating func choose<Item>(_ items: [Item]) -> Item { items[random.below(items.count)] }

    /// As many items, in any order that may be.
    mutating func choose<Item>(_ count: Int, of items: [Item]) -> [Item] {
        var rest = items
        return (0..<min(count, items.count)).map { _ in rest.remove(at: random.below(rest.count)) }
    }

    /// Once in so many times.
    mutating func isOne(in count: Int) -> Bool { random.below(count) == 0 }

    /// A change of a kind that the table allows; nil where there is none.
    mutating func change(_ kind: ActKindName, of table: TableDescription) -> TableChange? {
        for _ in 0..<20 {
            guard let candidate = candidate(kind, table) else { return nil }
            if (try? table.applying([candidate])) != nil { return candidate }
        }
        return nil
    }

    private mutating func candidate(
        _ kind: ActKindName, _ table: TableDescription
    ) -> TableChange? {
        let fields = table.schema.fields
        let field = choose(fields)
        switch kind {
        case .addColumn:
            return .addColumn(name: name("added"), type: TableDraw.columnType(&random))
        case .dropColumn: return .dropColumn(name: field.name)
        case .renameColumn:
            // Also to a name that another column had once.
            let former = table.schemas.schemas.flatMap(\.fields).map(\.name).filter {
                table.schema.position(of: $0) == nil
            }
            let isFormer = !former.isEmpty && random.below(2) == 0
            return .renameColumn(
                name: field.name, to: isFormer ? choose(former) : name("renamed"))
        case .moveColumn:
            let others = fields.filter { $0.name != field.name }.map(\.name)
            let after = others.isEmpty || random.below(3) == 0 ? nil : choose(others)
            return .moveColumn(name: field.name, after: after)
        case .widenColumn:
            let narrow = fields.compactMap { field in
                wider(field.type).map { (field.name, $0) }
            }
            if narrow.isEmpty { return nil }
            let (name, type) = choose(narrow)
            return .widenColumn(name: name, type: type)
        case .setProperty:
            if random.below(3) == 0 {
                return .setProperty(name: "owner", value: "team \(random.below(10))")
            }
            return .setProperty(
                name: "table.log.arrow.compression.type",
                value: choose(["NONE", "LZ4_FRAME", "ZSTD"]))
        case .dropTable, .dropPartition, .dropDatabase, .reassign, .rebalance: return nil
        }
    }

    private mutating func name(_ prefix: String) -> String {
        nextName += 1
        return "\(prefix)_\(nextName)"
    }

    /// A type that holds all that one does and more; nil where there is none.
    private mutating func wider(_ type: DataType) -> DataType? {
        switch type {
        case .tinyint: return choose([.smallint, .int, .bigint])
        case .smallint: return choose([.int, .bigint])
        case .int: return .bigint
        case .float: return .double
        case .decimal(let precision, let scale) where precision < 38:
            return .decimal(precision: min(38, precision + 1 + random.below(10)), scale: scale)
        case .char(let length): return choose([.char(length: length + 3), .string])
        case .binary: return .bytes
        case .array(let array):
            return wider(array.element).map {
                .array(
                    ArrayType(
                        $0, isNullable: array.isElementNullable,
                        identifier: array.elementIdentifier))
            }
        case .map(let map):
            return wider(map.value).map {
                .map(
                    MapType(
                        map.key, $0, isNullable: map.isValueNullable,
                        keyIdentifier: map.keyIdentifier, valueIdentifier: map.valueIdentifier))
            }
        case .row(let row): return .row(RowType(wider(row.fields)))
        default: return nil
        }
    }

    /// One field of a row is added, dropped, renamed, moved or widened.
    private mutating func wider(_ fields: [Field]) -> [Field] {
        var fields = fields
        let position = random.below(fields.count)
        switch random.below(5) {
        case 0 where fields.count > 1: fields.remove(at: position)
        case 1: fields[position].name = name("inner")
        case 2: fields.append(fields.remove(at: position))
        case 3:
            if let type = wider(fields[position].type) { fields[position].type = type }
        default:
            fields.append(Field(identifier: 0, name: name("inner"), type: choose([.int, .string])))
        }
        return fields
    }
}
