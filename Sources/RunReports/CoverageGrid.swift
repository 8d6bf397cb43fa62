/// The grid of fault kinds and engine parts, as it stands on the pages of runs and hunts.
struct CoverageGrid {
    enum Scale {
        /// Numbers are times in one run.
        case run
        /// Numbers are seeds.
        case hunt
    }

    /// Kinds or parts that a page draws; there are fewer, but a file may say anything.
    private static let limit = 80

    let coverage: FaultCoverage
    let scale: Scale

    var section: Markup {
        let seen = coverage.seen.prefix(Self.limit)
        let body: [Markup] = seen.isEmpty ? [] : [table(Array(seen))]
        return Document.section(
            "coverage", "Faults and parts of the engine", note: note, body + [unseen])
    }

    private var note: String {
        let what =
            switch scale {
            case .run: "How often a part of the engine took one of its rare paths"
            case .hunt: "In how many seeds a part of the engine took one of its rare paths"
            }
        return "\(what) while a fault of the kind was active or within "
            + "\(NumberText.seconds(Double(coverage.secondsAfter))) of its end; of union reads, "
            + "each answer counts. Faults that overlap share what was reached."
    }

    private func table(_ rows: [FaultCoverage.Row]) -> Markup {
        let parts = coverage.parts.prefix(Self.limit)
        let most = rows.flatMap(\.reached).max() ?? 1
        let shades = HeatShades(most: max(1, most), limit: 3)
        let head = parts.map { part -> Markup in
            "<th scope=\"col\">\(name(part))</th>"
        }
        let lines = rows.map { row -> Markup in
            let cells = row.reached.prefix(Self.limit).map { count -> Markup in
                count == 0
                    ? "<td class=\"never\"><span>never</span></td>"
                    : """
                    <td class="g-\(shades.index(of: count) + 1)">\
                    <span>\(NumberText.grouped(count))</span></td>
                    """
            }
            return """
                <tr><th scope="row"><i class="swatch \(FaultFamily(kind: row.kind).style)"></i>\
                \(PageLimits.clip(row.kind, to: 60))</th>\
                <td class="n">\(NumberText.grouped(row.happened))</td>\(cells)</tr>

                """
        }
        return """
            <div class="scroll" tabindex="0"><table class="coverage"><thead><tr>\
            <th scope="col">Fault</th>\
            <th scope="col" class="n">\(scale == .run ? "Times" : "Seeds")</th>\(head)</tr></thead>
            <tbody>\(lines)</tbody></table></div>

            """
    }

    private func name(_ part: String) -> String { NumberText.words(PageLimits.clip(part, to: 40)) }

    private var unseen: Markup {
        let kinds = coverage.unseen.prefix(Self.limit)
        if kinds.isEmpty { return .nothing }
        let items = kinds.map { "<li>\(PageLimits.clip($0, to: 60))</li>\n" as Markup }
        return """
            <h3>Did not happen <small>\(coverage.unseen.count)</small></h3>
            <ul class="probes missed">\(items)</ul>
            """
    }
}
