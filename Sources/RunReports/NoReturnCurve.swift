/// How many runs still fail that are the same up to a moment and drawn anew after it, over moments,
/// and what happened where more of them do.
public struct NoReturnCurve: Sendable, Hashable {
    public struct Point: Sendable, Hashable {
        public var atSeconds: Double
        public var failing: Int
        public var runs: Int

        public init(atSeconds: Double, failing: Int, runs: Int) {
            self.atSeconds = atSeconds
            self.failing = failing
            self.runs = runs
        }

        var share: Double { runs > 0 ? Double(failing) / Double(runs) : 0 }
    }

    /// Between two moments the share rose.
    public struct Step: Sendable, Hashable {
        public var from: Double
        public var until: Double
        public var failingBefore: Int
        public var failingAfter: Int
        public var runs: Int
        /// Of the story, those between the two moments.
        public var events: [Story.Event]

        public init(
            from: Double, until: Double, failingBefore: Int, failingAfter: Int, runs: Int,
            events: [Story.Event]
        ) {
            self.from = from
            self.until = until
            self.failingBefore = failingBefore
            self.failingAfter = failingAfter
            self.runs = runs
            self.events = events
        }

        /// In one sentence.
        var headline: String {
            "Between \(NumberText.plain(from)) s and \(NumberText.plain(until)) s it rises from "
                + "\(failingBefore) to \(failingAfter) of \(runs)"
        }
    }

    public var points: [Point]
    public var steps: [Step]

    public init(points: [Point], steps: [Step]) {
        self.points = points
        self.steps = steps
    }

    /// More events of one step are not told.
    private static let eventLimit = 20

    /// For a terminal.
    var lines: [String] {
        var lines = ["", "When it could not be helped any more: of runs that are the same up to a"]
        lines.append("moment and drawn anew after it, so many still fail.")
        for point in points {
            let time = NumberText.plain(point.atSeconds)
            let pad = String(repeating: " ", count: max(0, 10 - time.count))
            let bar = String(repeating: "█", count: Int((point.share * 20).rounded()))
            let rest = String(repeating: "·", count: 20 - bar.count)
            lines.append("\(pad)\(time)s \(bar)\(rest) \(point.failing) of \(point.runs)")
        }
        if steps.isEmpty { lines.append("  It rises nowhere at once.") }
        for step in steps {
            lines += ["", "  \(step.headline). What happened there:"]
            let told = step.events.prefix(Self.eventLimit)
            lines += told.map { "    \(NumberText.plain($0.atSeconds))s  \($0.node)  \($0.text)" }
            if step.events.isEmpty { lines.append("    nothing that is told; see wavetank trace") }
            let more = step.events.count - told.count
            if more > 0 { lines.append("    and \(more) more") }
        }
        return lines
    }

    /// For a page.
    var section: Markup {
        let end = max(points.last?.atSeconds ?? 1, 1e-9)
        func x(_ seconds: Double) -> String { TimeAxis.text(40 + seconds / end * 640) }
        func y(_ share: Double) -> String { TimeAxis.text(150 - share * 130) }
        let line = points.map { "\(x($0.atSeconds)),\(y($0.share))" }.joined(separator: " ")
        let bands = steps.map { step -> Markup in
            let left = 40 + step.from / end * 640
            let width = max(2, (step.until - step.from) / end * 640)
            return """
                <rect class="rise" x="\(TimeAxis.text(left))" y="20" \
                width="\(TimeAxis.text(width))" height="130"/>
                """
        }
        let dots = points.map { point -> Markup in
            """
            <circle cx="\(x(point.atSeconds))" cy="\(y(point.share))" r="3">\
            <title>\(NumberText.plain(point.atSeconds)) s: \
            \(point.failing) of \(point.runs)</title>\
            </circle>
            """
        }
        let told = steps.map { step -> Markup in
            let events = step.events.prefix(Self.eventLimit).map { event -> Markup in
                """
                <li><b>\(NumberText.plain(event.atSeconds)) s</b> \(event.node) \
                \(PageLimits.clip(event.text, to: 300))</li>
                """
            }
            return "<h3>\(step.headline)</h3><ul class=\"rises\">\(events)</ul>"
        }
        let picture: Markup = """
            <svg class="no-return" role="img" viewBox="0 0 700 180" \
            aria-label="Share of runs that still fail over simulated time">
            <line x1="40" x2="680" y1="150" y2="150"/><line x1="40" x2="680" y1="20" y2="20"/>
            \(bands)<polyline points="\(line)"/>\(dots)
            <text x="34" y="154" text-anchor="end">0</text>\
            <text x="34" y="24" text-anchor="end">all</text>\
            <text x="40" y="172">0 s</text><text x="680" y="172" text-anchor="end">\
            \(NumberText.plain(end)) s</text></svg>
            """
        return Document.section(
            "when", "When it could not be helped any more",
            note: "Of runs that are the same up to a moment and drawn anew after it, so many "
                + "still fail.", [picture] + told)
    }
}
