import Columnar

/// Makes the keys of a table, the same for the same rank: ranks that share the first columns lie
/// together, for lookups of a prefix.
struct KeyDraw {
    /// Ranks whose keys have all columns but the last in common.
    private static let groupSize = 4
    private static let partitionCount = 3

    let table: TableDefinition
    private let partitionFields: Set<Int32>
    private let timeField: Int32?

    init(_ table: TableDefinition) {
        self.table = table
        let fields = table.schema.fields
        var partitions: Set<Int32> = []
        for column in table.partitionKey { partitions.insert(fields[column].identifier) }
        partitionFields = partitions
        if table.property("table.auto-partition.enabled") == "true",
            let first = table.partitionKey.first
        {
            let name = table.property("table.auto-partition.key") ?? fields[first].name
            timeField = table.schema.position(of: name).map { fields[$0].identifier }
        } else {
            timeField = nil
        }
    }

    /// The key of a rank under a schema of the table; `now` is in microseconds since 1970.
    func key(_ rank: Int, _ schema: Schema, now: Int64) -> [Value] {
        let plain = schema.primaryKey.filter {
            !partitionFields.contains(schema.fields[$0].identifier)
        }
        return schema.primaryKey.map { column in
            let field = schema.fields[column]
            if let value = partitionValue(rank, field, now: now) { return value }
            if plain.count < 2 { return Self.value(rank, field.type) }
            return Self.value(
                column == plain.last ? rank % Self.groupSize : rank / Self.groupSize, field.type)
        }
    }

    /// The value of a partition column; nil for another column.
    func partitionValue(_ rank: Int, _ field: Field, now: Int64) -> Value? {
        if !partitionFields.contains(field.identifier) { return nil }
        if field.identifier == timeField { return .string(time(now)) }
        let number = rank % Self.partitionCount
        return switch field.type {
        case .string: .string("part-\(number)")
        case .char(let length): .string(String("p\(number)".suffix(length)))
        case .boolean: .boolean(number == 0)
        default: Self.value(number + 4, field.type)
        }
    }

    /// The name of the partition that holds a moment.
    private func time(_ now: Int64) -> String {
        let now = max(0, now)
        let day = now / 86_400_000_000
        let (year, month, date) = Self.civilDate(day)
        let hour = now / 3_600_000_000 % 24
        func digits(_ number: Int64) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return switch table.property("table.auto-partition.time-unit")?.uppercased() ?? "DAY" {
        case "YEAR": "\(year)"
        case "QUARTER": "\(year)\((month - 1) / 3 + 1)"
        case "MONTH": "\(year)\(digits(month))"
        case "HOUR": "\(year)\(digits(month))\(digits(date))\(digits(hour))"
        default: "\(year)\(digits(month))\(digits(date))"
        }
    }

    /// Counted up from 1970: the days since then are few.
    private static func civilDate(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        var (year, rest) = (Int64(1970), day)
        func isLong(_ year: Int64) -> Bool {
            year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        }
        while rest >= (isLong(year) ? 366 : 365) {
            rest -= isLong(year) ? 366 : 365
            year += 1
        }
        let lengths: [Int64] = [31, isLong(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        for (index, length) in lengths.enumerated() {
            if rest < length { return (year, Int64(index + 1), rest + 1) }
            rest -= length
        }
        preconditionFailure("a year of more days than it has")
    }

    private static func value(_ rank: Int, _ type: DataType) -> Value {
        let edges: [Int64] = [0, .min, .max, -1]
        func bounded(_ least: Int64, _ most: Int64) -> Int64 {
            if rank < edges.count { return max(least, min(most, edges[rank])) }
            return Int64(rank) % most
        }
        func digits(_ precision: Int) -> Int64 {
            (0..<min(precision, 18)).reduce(Int64(1)) { power, _ in power * 10 } - 1
        }
        func bytes(_ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: rank >> (8 * min(count - 1 - $0, 7))) }
        }
        return switch type {
        case .boolean: .boolean(rank % 2 == 0)
        case .float: .float(Float(rank) / 4)
        case .double: .double(Double(rank) / 4)
        case .decimal(let precision, _):
            .decimal(Int128(bounded(-digits(precision), digits(precision))))
        case .char(let length): .string(String("\(rank)é".prefix(length)))
        case .string:
            .string(
                ["", "\u{0}", "海", "k"].indices.contains(rank)
                    ? ["", "\u{0}", "海", "k"][rank] : "key \(rank)")
        case .binary(let length): .bytes(bytes(length))
        case .bytes: .bytes(rank == 0 ? [] : bytes(4))
        case .date: .date(Int32(rank) - 2)
        case .time: .time(Int64(rank))
        case .timestamp, .timestampLTZ: .timestamp(Int64(rank - 2) * 1000)
        case .uuid: .uuid(UniqueIdentifier(bytes: bytes(16)))
        case .vector(let dimension, _): .vector((0..<dimension).map { Float(rank + $0) })
        case .array, .map, .row: preconditionFailure("\(type) is no key")
        default: integer(bounded, type)
        }
    }
    /// Of a type of which no more is known than how it is stored.
    private static func integer(
        _ bounded: (_ least: Int64, _ most: Int64) -> Int64, _ type: DataType
    ) -> Value {
        guard let limit = type.storage.largestInteger else {
            preconditionFailure("\(type) has no draw")
        }
        return Value(integer: bounded(-limit - 1, limit), of: type)
    }
}
