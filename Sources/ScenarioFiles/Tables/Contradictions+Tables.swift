import Cluster
import Columnar
import LakeTiering
import Workloads

extension Contradictions {
    /// What the tables of a file say that cannot be; the tables that are good, by name.
    mutating func check(tables records: [CheckedRecord]) -> [TableDefinition] {
        var found: [TableDefinition] = []
        for record in records where record.isWhole {
            let name = record.text("name")
            if found.contains(where: { $0.name == name }) {
                reader.refuse(record.mark("name"), "there are two tables of the name '\(name)'")
                continue
            }
            if checkColumns(record), let table = TableDefinition(record) {
                found.append(table)
                check(table, record)
            }
        }
        return found
    }

    /// Whether all columns that are named are there, and the schema is one.
    private mutating func checkColumns(_ record: CheckedRecord) -> Bool {
        let before = reader.refusalCount
        let columns = record.list("columns").compactMap { try? ColumnText($0.word) }
        let names = columns.map(\.name)
        for (value, column) in zip(record.list("columns"), columns)
        where names.count(where: { $0 == column.name }) > 1 {
            reader.refuse(value.mark, "the column '\(column.name)' stands in the table twice")
        }
        for (value, column) in zip(record.list("columns"), columns)
        where SystemColumns.isReserved(column.name) {
            let reserved = SystemColumns.all.map(\.name).joined(separator: ", ")
            reader.refuse(
                value.mark,
                "the column name '\(column.name)' is reserved for the system, as are \(reserved)")
        }
        let lists = ["primaryKey", "bucketKey", "partitionBy"].flatMap {
            record.has($0) ? record.list($0) : []
        }
        let single = ["autoIncrement", "vectorColumn"].compactMap { record.values[$0] }
        for value in lists + single where !names.contains(value.word) {
            let hint = suggestionText(for: value.word, among: names)
            let known = "; the columns are: \(names.joined(separator: ", "))"
            reader.refuse(
                value.mark, "there is no column '\(value.word)'" + (hint.isEmpty ? known : hint))
        }
        if reader.refusalCount > before { return false }
        let fields = columns.enumerated().map { position, column in
            Columnar.Field(
                identifier: Int32(position + 1), name: column.name, type: column.type,
                isNullable: column.isNullable
                    && !record.words("primaryKey").contains(column.name))
        }
        do {
            _ = try Schema(
                validating: fields,
                primaryKey: record.words("primaryKey").compactMap { names.firstIndex(of: $0) })
            return true
        } catch {
            reader.refuse(record.mark("columns"), "\(error.reasonText)")
            return false
        }
    }

    /// What the cluster would say of the table.
    private mutating func check(_ table: TableDefinition, _ record: CheckedRecord) {
        let before = reader.refusalCount
        for (name, value) in record.pairs("properties") {
            do { _ = try TableProperties([(name, value.word)]) } catch {
                reader.refuse(value.mark, error.reasonText)
            }
        }
        guard reader.refusalCount == before, let cluster else { return }
        do { try TableDescription(table, in: cluster).check() } catch {
            reader.refuse(record.mark("name"), error.reasonText)
        }
    }

    /// Every table is written by one workload, which takes all of them where it names none.
    mutating func check(
        useOf tables: [TableDefinition], _ records: [CheckedRecord],
        by workloads: [CheckedVariant]
    ) {
        let names = tables.map(\.name)
        var used: Set<String> = []
        for workload in workloads where workload.name == WorkloadDescription.tableTraffic.name {
            let body = workload.body
            let asked = body.words("tables")
            for value in body.has("tables") ? body.list("tables") : []
            where value.word != "all" && !names.contains(value.word) {
                let hint = suggestionText(for: value.word, among: names)
                let known = names.isEmpty ? "none" : names.joined(separator: ", ")
                reader.refuse(
                    value.mark,
                    "'tables' has no '\(value.word)'"
                        + (hint.isEmpty ? "; there are: \(known)" : hint))
            }
            used.formUnion(asked.isEmpty || asked.contains("all") ? names : asked)
            if records.isEmpty, body.has("drawnTables"), body.integer("drawnTables") == 0 {
                reader.refuse(
                    workload.nameMark,
                    "tableTraffic has no table: say which there are with 'tables' of the "
                        + "scenario, or have some drawn with 'drawnTables'")
            }
        }
        for record in records where record.isWhole && names.contains(record.text("name")) {
            if used.contains(record.text("name")) { continue }
            reader.refuse(
                record.mark("name"),
                "no workload writes to the table '\(record.text("name"))': tableTraffic does")
        }
    }
}

extension ClusterError {
    /// Why a table is refused, without what the message would begin with.
    var reasonText: String {
        if case .invalidRequest(let reason) = self { reason } else { "\(self)" }
    }
}

extension ColumnarError {
    var reasonText: String {
        switch self {
        case .invalidValue(let reason), .unsupported(let reason): reason
        default: "\(self)"
        }
    }
}
