import Cluster
import Columnar

/// Which partitions by time a table is to have ahead of time, by Fluss's documentation of
/// `table.auto-partition`.
struct PartitionsAhead {
    private let unit: String
    private let count: Int

    /// Nil for a table whose partitions do not come by themselves.
    init?(_ table: TableDescription) {
        let properties = table.properties
        guard properties.value("table.auto-partition.enabled") == "true",
            table.partitionFields.count == 1
        else { return nil }
        unit = properties.value("table.auto-partition.time-unit")?.uppercased() ?? "DAY"
        count = properties.value("table.auto-partition.num-precreate").flatMap { Int($0) } ?? 2
    }

    /// The names of the present time and of those after it.
    func names(at milliseconds: Int64) -> [String] {
        (0..<Int64(count)).map { name(at: milliseconds, plus: $0) }
    }

    private func name(at milliseconds: Int64, plus spans: Int64) -> String {
        let hours = milliseconds / 3_600_000
        switch unit {
        case "HOUR":
            let hour = (hours + spans) % 24
            return date((hours + spans) / 24) + (hour < 10 ? "0\(hour)" : "\(hour)")
        case "DAY": return date(hours / 24 + spans)
        default: break
        }
        let today = date(hours / 24)
        let months = (Int64(today.prefix(4)) ?? 0) * 12 + (Int64(today.dropFirst(4).prefix(2)) ?? 1)
        let length: Int64 = unit == "MONTH" ? 1 : unit == "QUARTER" ? 3 : 12
        let month = months - 1 + spans * length
        switch unit {
        case "YEAR": return "\(month / 12)"
        case "QUARTER": return "\(month / 12)\(month % 12 / 3 + 1)"
        default:
            let number = month % 12 + 1
            return "\(month / 12)" + (number < 10 ? "0\(number)" : "\(number)")
        }
    }

    /// The digits of a day since 1970.
    private func date(_ day: Int64) -> String {
        CalendarText.date(day).filter { $0 != "-" }
    }
}
