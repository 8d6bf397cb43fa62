import Server

extension ScenarioDraft {
    /// One way to make a draft smaller or plainer.
    public struct Edit: Sendable {
        /// What it does, in words; the same edit of another draft has the same name.
        public var name: String
        public var draft: ScenarioDraft
    }

    /// All that could be tried next, what saves most first.
    ///
    /// Each edit lessens something and none takes another back, so that trying them comes to an
    /// end. `until` is when the violation was seen. An edit may make what is no scenario: the
    /// loader says so. It follows the shapes of the format, so that a new key is shrunk as the
    /// others are.
    public func edits(until: Duration) -> [Edit] {
        var edits = lengthEdits(until) + removals(from: "faults") + removals(from: "acts")
        edits += workloadEdits() + clusterEdits() + parameterEdits()
        return edits
    }

    private func edit(_ name: String, _ change: (inout SourceNode) -> Void) -> Edit {
        var draft = self
        change(&draft.root)
        return Edit(name: name, draft: draft)
    }

    /// Only the oracle that saw it looks.
    public func onlyChecking(_ oracle: String) -> Edit {
        edit("checks \(oracle) alone") { $0["checks"] = .plain(oracle) }
    }

    // MARK: Length

    private func lengthEdits(_ until: Duration) -> [Edit] {
        guard let length = duration(root["length"]) else { return [] }
        let seconds = Int64(until.components.seconds) + 1
        let whole = length.components.seconds
        let choices = [seconds, whole / 2, whole * 3 / 4, whole - 1]
        var seen: Set<Int64> = []
        let shorter = choices.filter { $0 >= 1 && $0 < whole && seen.insert($0).inserted }
        return shorter.map { shorter in
            edit("length \(shorter)s") { root in
                root["length"] = .plain(Duration.seconds(shorter).shortText)
                // A fault that would end later ends with the run.
                var faults = root["faults"]?.items ?? []
                faults = faults.compactMap { fault in
                    guard let at = duration(fault["at"]) else { return fault }
                    if at >= .seconds(shorter) { return nil }
                    guard let lasting = duration(fault["for"]), at + lasting > .seconds(shorter)
                    else { return fault }
                    var cut = fault
                    cut["for"] = .plain((.seconds(shorter) - at).shortText)
                    return cut
                }
                root.setItems("faults", faults)
                let acts = (root["acts"]?.items ?? []).filter { act in
                    duration(act["at"]).map { $0 < .seconds(shorter) } ?? true
                }
                if root["acts"] != nil { root.setItems("acts", acts) }
            }
        }
    }

    private func duration(_ node: SourceNode?) -> Duration? {
        guard let text = node?.scalar, let parsed = try? Units.time.parse(text) else { return nil }
        return .nanoseconds(parsed)
    }

    // MARK: Lists

    /// Halves first, then quarters, down to single faults (Zeller and Hildebrandt, 2002).
    private func removals(from list: String) -> [Edit] {
        let faults = root[list]?.items ?? []
        var edits: [Edit] = []
        var removed: Set<Range<Int>> = []
        var size = faults.count
        while size >= 1 {
            for start in stride(from: 0, to: faults.count, by: size) {
                let end = min(start + size, faults.count)
                // A rest may be what a smaller size removes as well.
                if !removed.insert(start..<end).inserted { continue }
                let names = faults[start..<end].map(\.yaml).joined()
                edits.append(
                    edit("without \(names)") { root in
                        root.setItems(list, Array(faults[..<start] + faults[end...]))
                    })
            }
            size = size == 1 ? 0 : (size + 1) / 2
        }
        return edits
    }

    private func workloadEdits() -> [Edit] {
        let workloads = root["workloads"]?.items ?? []
        var edits: [Edit] = []
        if workloads.count > 1 {
            for position in workloads.indices {
                edits.append(
                    edit("without workload \(workloads[position].yaml)") { root in
                        var rest = workloads
                        rest.remove(at: position)
                        root.setItems("workloads", rest)
                    })
            }
        }
        for (position, workload) in workloads.enumerated() {
            for variant in WorkloadDescription.shape.variants {
                guard let body = workload[variant.name] else { continue }
                for (name, smaller) in body.smaller(variant.body, reducing: true) {
                    edits.append(
                        edit("\(variant.name) \(position): \(name)") { root in
                            var changed = workloads
                            changed[position][variant.name] = smaller
                            root.setItems("workloads", changed)
                        })
                }
            }
        }
        return edits
    }

    // MARK: Cluster

    private func clusterEdits() -> [Edit] {
        let cluster = root["cluster"] ?? SourceNode(mark: nil, content: .mapping([]))
        var edits: [Edit] = []
        let present = cluster["servers"]?.scalar.flatMap { Int($0) } ?? 3
        for servers in [1, 2, 3] where servers < present {
            edits.append(
                edit("\(servers) servers, each with all") { root in
                    var smaller = cluster
                    smaller["servers"] = .plain(String(servers))
                    smaller["replication"] = .plain(String(servers))
                    smaller["minimumInSync"] = .plain(String(min(servers, 2)))
                    root["cluster"] = smaller
                })
        }
        // A setting of the engine that nobody wrote is not added: it would make nothing smaller.
        let amounts = [
            "servers", "coordinators", "tierers", "indexers", "gateways", "sinks", "replication",
            "buckets",
        ]
        let written = RecordShape(
            ClusterLayout.shape.fields.filter {
                cluster[$0.name] != nil || amounts.contains($0.name)
            })
        edits += cluster.smaller(written, reducing: true).map { name, smaller in
            edit("cluster: \(name)") { $0["cluster"] = smaller }
        }
        return edits
    }

    // MARK: Parameters of faults

    private func parameterEdits() -> [Edit] {
        let faults = root["faults"]?.items ?? []
        var edits: [Edit] = []
        for (position, fault) in faults.enumerated() {
            func propose(_ name: String, _ changed: SourceNode) {
                edits.append(
                    edit("fault \(position) \(fault.yaml): \(name)") { root in
                        var all = faults
                        all[position] = changed
                        root.setItems("faults", all)
                    })
            }
            for variant in ScenarioFormat.scriptedVariants {
                guard let body = fault[variant.name] else { continue }
                for (name, smaller) in body.smaller(variant.body, reducing: false) {
                    var changed = fault
                    changed[variant.name] = smaller
                    propose(name, changed)
                }
            }
            for key in ["for", "at"] {
                guard let value = duration(fault[key]) else { continue }
                for plainer in Self.plainer(value, halving: key == "for") {
                    var changed = fault
                    changed[key] = .plain(plainer.shortText)
                    propose("\(key) \(plainer.shortText)", changed)
                }
            }
        }
        return edits
    }

    /// Rounder durations near one, and its half in whole seconds.
    static func plainer(_ duration: Duration, halving: Bool) -> [Duration] {
        let value = duration.wholeNanoseconds
        let second: Int64 = 1_000_000_000
        var choices: [Int64] = []
        if halving && value >= 2 * second { choices.append(value / 2 / second * second) }
        for grain in [10 * second, second, second / 10, second / 100] {
            if value % grain == 0 { break }
            choices.append((value + grain / 2) / grain * grain)
        }
        var seen: Set<Int64> = [value, 0]
        return choices.filter { seen.insert($0).inserted }.map { .nanoseconds($0) }
    }
}

extension SourceNode {
    fileprivate mutating func setItems(_ key: String, _ items: [SourceNode]) {
        self[key] = items.isEmpty ? nil : SourceNode(mark: nil, content: .sequence(items))
    }

    /// How many there are of these makes a run larger, whether or not the file says it.
    private static let parts: Set = [
        "servers", "coordinators", "tierers", "indexers", "gateways", "sinks", "buckets", "writers",
        "readers",
        "tables",
    ]

    /// A record with one value less, or a smaller one, each with a name for the change.
    ///
    /// `reducing` makes amounts smaller; otherwise they only become plainer, as shares of faults
    /// do.
    fileprivate func smaller(_ shape: RecordShape, reducing: Bool) -> [(String, SourceNode)] {
        var found: [(String, SourceNode)] = []
        guard case .mapping = content else { return found }
        for field in shape.fields {
            let written = self[field.name]?.scalar
            var byDefault: String?
            if case .byDefault(let text) = field.presence { byDefault = text }
            if self[field.name] != nil && field.shape.mayFall(from: written, to: field.presence) {
                var without = self
                without[field.name] = nil
                found.append(("without \(field.name)", without))
            }
            let listed = self[field.name]?.items.compactMap(\.scalar) ?? []
            let list = listed.isEmpty ? nil : listed.joined(separator: ", ")
            // What was not written stays away, unless it takes a part of the cluster away.
            let part = Self.parts.contains(field.name) ? byDefault : nil
            guard let text = written ?? list ?? part else { continue }
            for choice in field.shape.smaller(than: text, reducing: reducing) {
                var changed = self
                changed[field.name] = Self.plainOrList(choice)
                found.append(("\(field.name) \(choice)", changed))
            }
        }
        return found
    }
}

extension SourceNode {
    /// A value, or a list of them in brackets.
    fileprivate static func plainOrList(_ text: String) -> SourceNode {
        guard text.hasPrefix("[") else { return .plain(text) }
        let items = text.dropFirst().dropLast().split(separator: ", ").map { plain(String($0)) }
        return SourceNode(mark: nil, content: .sequence(items))
    }
}

extension Shape {
    /// Simpler values in place of one, the simplest first.
    fileprivate func smaller(than text: String, reducing: Bool) -> [String] {
        switch self {
        case .integer(let range):
            guard let value = Int(text.replacing("_", with: "")) else { return [] }
            let least = max(range.lowerBound, value < 0 ? value : 0)
            var choices = [least, least + 1, value / 10, value / 2]
            if value <= 8 { choices.append(value - 1) }
            return unique(choices.filter { $0 >= least && $0 < value }.map(String.init))
        case .rate where reducing:
            guard let rate = try? parseRate(text) else { return [] }
            let unit = text.drop { $0 != "/" }
            return unique(
                [rate.count / 20, rate.count / 4, rate.count / 2].filter { $0 > 0 }
                    .map { "\($0)\(unit)" })
        case .share:
            guard let share = try? parsePartsPerMillion(text) else { return [] }
            if reducing { return share == 0 ? [] : ["0%"] }
            let percent = max(1, (share + 5000) / 10_000)
            let plain = [1_000_000, 500_000, percent * 10_000]
            return unique(
                plain.prefix { $0 != share }.filter { share % 10_000 != 0 || $0 >= 500_000 }
                    .map(shareText))
        case .oneOrMany(.choice(let choices)) where reducing:
            // One table, or one less.
            let all = choices.map(\.name).filter { $0 != "all" }
            let listed = text.split { !($0.isLetter || $0 == "_") }.map(String.init)
            let present = listed == ["all"] ? all : listed
            if present.count < 2 { return [] }
            return present
                + present.map { left in
                    "[" + present.filter { $0 != left }.joined(separator: ", ") + "]"
                }
        case .skew: return reducing && text != "50/50" ? ["50/50"] : []
        case .duration where !reducing:
            guard let value = try? Units.time.parse(text) else { return [] }
            return ScenarioDraft.plainer(.nanoseconds(value), halving: true).map(\.shortText)
        default: return []
        }
    }

    /// Whether taking a key out does not make its amount larger.
    fileprivate func mayFall(from written: String?, to presence: Field.Presence) -> Bool {
        switch presence {
        case .required: return false
        case .optional, .emptyByDefault: return true
        case .byDefault("all"): return false
        case .byDefault(let text):
            guard let written, let now = amount(written), let then = amount(text) else {
                return true
            }
            return then <= now
        }
    }

    /// What a value counts for when it is made smaller; nil for what is not an amount.
    private func amount(_ text: String) -> Int? {
        switch self {
        case .integer: Int(text.replacing("_", with: ""))
        case .rate: (try? parseRate(text)).map(\.count)
        case .share: try? parsePartsPerMillion(text)
        case .skew: (try? parseSkew(text)).map(\.eventPercent)
        default: nil
        }
    }

    private func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }
}
