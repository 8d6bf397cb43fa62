import JSON

/// A run on the real machine beside the same scenario and seed in the tank.
public struct TankComparison: Sendable, Hashable {
    /// What a figure is about; the divergence is worked out for each group.
    public enum Group: String, Sendable, Hashable, CaseIterable {
        case latency, throughput, bytes, operations
    }

    /// One figure of both.
    public struct Figure: Sendable, Hashable {
        public var group: Group
        public var name: String
        public var unit: Chart.Unit
        public var tank: Double
        public var machine: Double

        public init(
            _ group: Group, _ name: String, in unit: Chart.Unit, tank: Double, machine: Double
        ) {
            precondition(tank.isFinite && machine.isFinite && tank >= 0 && machine >= 0)
            self.group = group
            self.name = name
            self.unit = unit
            self.tank = tank
            self.machine = machine
        }

        /// The binary logarithm of how often the smaller one fits into the larger: 0 for the same,
        /// 1 for twice as much or half of it. One of the smallest unit is added to both.
        public var divergence: Double {
            // Times in microseconds.
            let scale = unit == .seconds ? 1_000_000.0 : 1
            return abs(
                NumberText.binaryLogarithm(
                    (machine * scale + 1) / (tank * scale + 1)))
        }
    }

    /// Something by its name, and why it is so.
    public struct LeftOut: Sendable, Hashable {
        public var name: String
        public var reason: String

        public init(name: String, reason: String) {
            self.name = name
            self.reason = reason
        }
    }

    /// The formula, in words.
    public static let formula =
        "The divergence of a figure is |log2((machine + 1) / (tank + 1))|, with times in "
        + "microseconds: 0 for the same, 1 for twice or half. That of a group is the mean of its "
        + "figures, and the whole the mean of the groups. Bytes and operations are for each "
        + "acknowledged change, times a thousand."

    public var tankVerdict: RunReport.Verdict
    public var tankReason: String
    public var tankTraceHash: String
    public var figures: [Figure]
    /// Oracles of the scenario that cannot look at the machine.
    public var oraclesLeftOut: [LeftOut] = []
    /// Faults that the machine has no counterpart for; the tank was spared them as well.
    public var faultsLeftOut: [LeftOut] = []
    /// How each kind of fault was brought about.
    public var faultsMade: [LeftOut] = []

    public init(
        tankVerdict: RunReport.Verdict, tankReason: String, tankTraceHash: String,
        figures: [Figure]
    ) {
        self.tankVerdict = tankVerdict
        self.tankReason = tankReason
        self.tankTraceHash = tankTraceHash
        self.figures = figures
    }

    /// The mean divergence of a group; nil if it has no figure.
    public func divergence(of group: Group) -> Double? {
        let own = figures.filter { $0.group == group }.map(\.divergence)
        return own.isEmpty ? nil : own.reduce(0, +) / Double(own.count)
    }

    /// The mean divergence of the groups.
    public var divergence: Double {
        let groups = Group.allCases.compactMap { divergence(of: $0) }
        return groups.isEmpty ? 0 : groups.reduce(0, +) / Double(groups.count)
    }
}

// MARK: JSON

extension TankComparison {
    var json: JSONValue {
        [
            "tankVerdict": .string(tankVerdict.rawValue), "tankReason": .string(tankReason),
            "tankTraceHash": .string(tankTraceHash),
            "divergence": .number(Self.rounded(divergence)),
            "divergences": .object(
                Group.allCases.compactMap { group in
                    divergence(of: group).map {
                        JSONMember(group.rawValue, .number(Self.rounded($0)))
                    }
                }),
            "figures": .array(figures.map(\.json)),
            "oraclesLeftOut": .array(oraclesLeftOut.map(\.json)),
            "faultsLeftOut": .array(faultsLeftOut.map(\.json)),
            "faultsMade": .array(faultsMade.map(\.json)),
        ]
    }

    init(field: JSONField) throws(JSONError) {
        self.init(
            tankVerdict: try field.required("tankVerdict").word(),
            tankReason: try field.required("tankReason").string(),
            tankTraceHash: try field.required("tankTraceHash").string(), figures: [])
        for item in try field.required("figures").array() {
            figures.append(try Figure(field: item))
        }
        oraclesLeftOut = try Self.list(field, "oraclesLeftOut")
        faultsLeftOut = try Self.list(field, "faultsLeftOut")
        faultsMade = try Self.list(field, "faultsMade")
    }

    private static func list(
        _ field: JSONField, _ name: String
    ) throws(JSONError) -> [LeftOut] {
        var found: [LeftOut] = []
        for item in try field.required(name).array() {
            found.append(
                LeftOut(
                    name: try item.required("name").string(),
                    reason: try item.required("reason").string()))
        }
        return found
    }

    fileprivate static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}

extension TankComparison.LeftOut {
    fileprivate var json: JSONValue { ["name": .string(name), "reason": .string(reason)] }
}

extension TankComparison.Figure {
    fileprivate var json: JSONValue {
        [
            "group": .string(group.rawValue), "name": .string(name),
            "unit": .string(unit.rawValue), "tank": .number(TankComparison.rounded(tank)),
            "machine": .number(TankComparison.rounded(machine)),
            "divergence": .number(TankComparison.rounded(divergence)),
        ]
    }

    fileprivate init(field: JSONField) throws(JSONError) {
        let tank = try field.required("tank").finite()
        let machine = try field.required("machine").finite()
        if tank < 0 || machine < 0 {
            throw .wrongType(path: field.path, expected: "figures that are not negative")
        }
        self.init(
            try field.required("group").word(), try field.required("name").string(),
            in: try field.required("unit").word(), tank: tank, machine: machine)
    }
}

// MARK: For people

extension TankComparison {
    /// Lines for a terminal.
    func text(machineVerdict: RunReport.Verdict) -> [String] {
        var lines = [
            "", "  tank and machine side by side",
            "  \(Self.row("", "tank", "machine", "divergence"))",
            "  \(Self.row("verdict", tankVerdict.rawValue, machineVerdict.rawValue, ""))",
        ]
        if !tankReason.isEmpty { lines.append("    the tank: \(tankReason)") }
        for figure in figures {
            lines.append(
                "  "
                    + Self.row(
                        figure.name, NumberText.value(figure.tank, in: figure.unit),
                        NumberText.value(figure.machine, in: figure.unit),
                        NumberText.fixed(figure.divergence, decimals: 2)))
        }
        let groups = Group.allCases.compactMap { group in
            divergence(of: group).map {
                "\(group.rawValue) \(NumberText.fixed($0, decimals: 2))"
            }
        }
        lines.append(
            "  divergence \(NumberText.fixed(divergence, decimals: 2)): "
                + groups.joined(separator: ", "))
        for (title, items) in lists where !items.isEmpty {
            lines += ["", "  \(title)"]
            lines += items.prefix(20).map { "    \($0.name): \($0.reason)" }
            if items.count > 20 { lines.append("    and \(items.count - 20) more") }
        }
        return lines
    }

    private var lists: [(String, [LeftOut])] {
        [
            ("faults made real", faultsMade), ("faults left out of both", faultsLeftOut),
            ("oracles that cannot look at the machine", oraclesLeftOut),
        ]
    }

    private static func row(
        _ name: String, _ tank: String, _ machine: String, _ divergence: String
    ) -> String {
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let first = name + String(repeating: " ", count: max(0, 34 - name.count))
        return "\(first) \(right(tank, 12)) \(right(machine, 12)) \(right(divergence, 11))"
    }

    /// A section of the page.
    func markup(machineVerdict: RunReport.Verdict, _ limits: PageLimits) -> Markup {
        let rows = figures.map { figure -> Markup in
            """
            <tr><th scope="row">\(figure.name)</th>\
            <td class="n">\(NumberText.value(figure.tank, in: figure.unit))</td>\
            <td class="n">\(NumberText.value(figure.machine, in: figure.unit))</td>\
            <td class="n">\(NumberText.fixed(figure.divergence, decimals: 2))</td></tr>

            """
        }
        let notes = lists.filter { !$0.1.isEmpty }.map { title, items -> Markup in
            let entries = items.prefix(limits.notes).map { item -> Markup in
                "<li><b>\(limits.clip(item.name))</b>: \(limits.clip(item.reason))</li>"
            }
            return "<h3>\(title)</h3><ul>\(entries)</ul>"
        }
        return """
            <section><h2>Tank and machine</h2>
            <p>In the tank \(tankVerdict.rawValue), on the machine \(machineVerdict.rawValue). \
            \(limits.clip(tankReason, to: 1000)) The divergence is \
            \(NumberText.fixed(divergence, decimals: 2)). \(Self.formula)</p>
            <table><thead><tr><th scope="col">Figure</th><th scope="col">Tank</th>\
            <th scope="col">Machine</th><th scope="col">Divergence</th></tr></thead>
            <tbody>\(rows)</tbody></table>
            <div class="notes">\(notes)</div></section>

            """
    }
}
