import Cluster
import Workloads

extension Contradictions {
    /// What acts say that cannot be: each is tried, in the order of their dates, on the table as
    /// those before it leave it.
    mutating func check(acts: [CheckedVariant], on tables: [TableDefinition]) {
        let dated = acts.filter { $0.name != "drawn" && $0.beside.has("at") }.enumerated().sorted {
            ($0.element.beside.duration("at"), $0.offset)
                < ($1.element.beside.duration("at"), $1.offset)
        }.map(\.element)
        for act in acts where act.name == "drawn" { check(drawnActs: act.body) }
        guard let cluster else { return }
        var present: [String: TableDescription] = [:]
        for table in tables { present[table.name] = try? TableDescription(table, in: cluster) }
        for act in dated where act.name == "rebalance" { check(date: act.beside) }
        for act in dated where act.body.isWhole && act.name != "rebalance" {
            if act.name == "dropDatabase" {
                check(date: act.beside)
                let name = act.body.text("database")
                check(database: name, act.body.mark("database"), among: tables)
                for table in tables where table.database == name {
                    present[table.name] = try? TableDescription(table, in: cluster)
                }
                continue
            }
            let name = act.body.text("table")
            guard let definition = tables.first(where: { $0.name == name }) else {
                let hint = suggestionText(for: name, among: tables.map(\.name))
                let known = tables.isEmpty ? "none" : tables.map(\.name).joined(separator: ", ")
                reader.refuse(
                    act.body.mark("table"),
                    "there is no table '\(name)'" + (hint.isEmpty ? "; there are: \(known)" : hint))
                continue
            }
            check(date: act.beside)
            if act.name == "reassign" {
                check(reassignment: act.body, of: definition, in: cluster)
                continue
            }
            if act.name == "drop", act.body.has("partition") {
                if definition.partitionKey.isEmpty {
                    reader.refuse(
                        act.body.mark("partition"), "'\(name)' has no partitions: see partitionBy")
                }
                continue
            }
            if act.name == "drop" {
                present[name] = try? TableDescription(definition, in: cluster)
                continue
            }
            let changes = ScenarioAct.changes(act.body)
            if changes.isEmpty {
                reader.refuse(act.nameMark, "this alters nothing")
                continue
            }
            guard let table = present[name] else { continue }
            for (change, mark) in changes {
                do {
                    // One by one, so that the place can be named.
                    present[name] = try (present[name] ?? table).applying([change])
                } catch { reader.refuse(mark, error.reasonText) }
            }
        }
    }

    private mutating func check(
        database name: String, _ mark: SourceMark?, among tables: [TableDefinition]
    ) {
        let databases = tables.compactMap(\.database)
        if name == TablePath.defaultDatabase {
            reader.refuse(mark, "database '\(name)' is always there")
        } else if !databases.contains(name) {
            reader.refuse(
                mark,
                "no table is in a database '\(name)'"
                    + suggestionText(for: name, among: databases))
        }
    }

    private mutating func check(
        reassignment body: CheckedRecord, of table: TableDefinition, in cluster: ClusterLayout
    ) {
        let bucket = body.integer("bucket")
        if table.partitionKey.isEmpty && bucket >= cluster.buckets {
            reader.refuse(
                body.mark("bucket"), "'\(table.name)' has \(cluster.buckets) buckets, from 0")
        }
        guard body.has("to") else { return }
        let servers = body.list("to")
        if servers.count != cluster.replication
            || Set(servers.map(\.word)).count != servers.count
        {
            reader.refuse(
                body.mark("to"), "a bucket has \(cluster.replication) replicas, each elsewhere")
        }
        let known = (1...cluster.servers).map { "server-\($0)" }
        for server in servers where !known.contains(server.word) {
            reader.refuse(
                server.mark,
                "there is no '\(server.word)'" + suggestionText(for: server.word, among: known))
        }
    }

    private mutating func check(date: CheckedRecord) {
        guard let length, date.duration("at") >= length else { return }
        reader.refuse(
            date.mark("at"),
            "the act begins at \(date.duration("at").shortText), but the run ends after "
                + length.shortText)
    }

    private mutating func check(drawnActs body: CheckedRecord) {
        guard body.isWhole, body.has("until") else { return }
        if body.duration("until") <= body.duration("from") {
            reader.refuse(
                body.mark("until"),
                "'until' \(body.duration("until").shortText) is not after 'from' "
                    + body.duration("from").shortText)
        }
    }
}
