/// The story as a page of its own: a lane a node, time goes down, what passed between two as an
/// arrow.
public func htmlPage(for story: Story) -> String { StoryPage(story).markup.text }

/// Draws a story. An event is a row; its text stands beside the lanes, so that the picture can be
/// read without colours and by a screen reader, as a table.
private struct StoryPage {
    private static let laneWidth = 28
    private static let rowHeight = 26
    /// More would be a page that nobody reads to its end.
    private static let eventLimit = 1500

    let story: Story
    let events: [Story.Event]
    let lanes: [String]

    init(_ story: Story) {
        self.story = story
        events = Array(story.events.suffix(Self.eventLimit))
        let present = Set(events.flatMap { [$0.node, $0.from] })
        lanes = story.nodes.filter { present.contains($0) }
    }

    var markup: Markup {
        let facts = [
            (name: "Seen by", value: story.oracle, detail: "the oracle"),
            ("At", NumberText.moment(story.violatedAtSeconds), "simulated time"),
            ("Seed", String(story.seed), story.scenario),
        ]
        let followed = story.subject.isEmpty ? "" : "Followed: \(story.subject)"
        let again: Markup = "<pre><code>\(story.reproduceCommand)</code></pre>"
        return Document(
            kind: "what happened", title: PageLimits.clip(story.violation, to: 120), mood: .fail,
            verdict: "Fail", reason: story.violation.count > 120 ? story.violation : "",
            signature: story.traceHash, facts: facts,
            sections: [
                story.noReturn?.section ?? .nothing,
                Document.section("story", "What happened", note: followed, [legend, table]),
                Document.section("again", "Again", [again]),
            ],
            footer: "Time is simulated; the same build draws the same picture.",
            style: Self.style
        ).markup
    }

    private var legend: Markup {
        let kinds: [(Story.Event.Kind, String)] = [
            (.fault, "fault"), (.leadership, "leadership"), (.record, "the record"),
            (.client, "told to a client"), (.lake, "lake and index"), (.node, "node"),
            (.note, "note"), (.probe, "rare path"), (.violation, "violation"),
        ]
        let items = kinds.map { kind, name -> Markup in
            "<li><i class=\"k-\(kind.rawValue)\"></i>\(name)</li>"
        }
        return "<ul class=\"legend story-legend\">\(items)</ul>\n"
    }

    private var table: Markup {
        let heads = lanes.map { lane -> Markup in "<span>\(lane)</span>" }
        let rows = events.enumerated().map { row($0.offset, $0.element) }
        return """
            <div class="story-scroll"><table class="story" style="--lanes:\(lanes.count)">
            <caption class="unseen">What happened, in order of simulated time</caption>
            <thead><tr><th scope="col">time</th><th scope="col"><div class="lane-heads">\(heads)\
            </div></th><th scope="col">node</th><th scope="col">what happened</th></tr></thead>
            <tbody>
            \(rows)</tbody></table></div>

            """
    }

    private func row(_ number: Int, _ event: Story.Event) -> Markup {
        """
        <tr class="k-\(event.kind.rawValue)"><td class="n">\(NumberText.plain(event.atSeconds))\
        </td><td class="lanes">\(picture(number, event))</td><td>\(event.node)</td>\
        <td>\(PageLimits.clip(event.text, to: 500))</td></tr>

        """
    }

    /// The lanes at one event: a line each, dashed while the node is down, and the event's mark.
    private func picture(_ number: Int, _ event: Story.Event) -> Markup {
        let (width, height) = (lanes.count * Self.laneWidth, Self.rowHeight)
        let lines = lanes.enumerated().map { position, lane -> Markup in
            let x = center(position)
            let state = state(of: lane, at: number)
            return
                "<line class=\"lane \(state)\" x1=\"\(x)\" x2=\"\(x)\" y1=\"0\" y2=\"\(height)\"/>"
        }
        var marks: Markup = .nothing
        if let here = lanes.firstIndex(of: event.node) {
            let x = center(here)
            if let there = lanes.firstIndex(of: event.from), there != here {
                let start = center(there)
                let tip = start < x ? x - 6 : x + 6
                let wing = start < x ? tip - 6 : tip + 6
                let y = height / 2
                marks += """
                    <path class="passed" d="M\(start) \(y)H\(tip)M\(wing) \(y - 4)L\(tip) \(y)\
                    L\(wing) \(y + 4)"/>
                    """
            }
            marks += "<circle class=\"mark\" cx=\"\(x)\" cy=\"\(height / 2)\" r=\"5\"/>"
        } else {
            let y = height / 2
            marks +=
                "<line class=\"mark across\" x1=\"0\" x2=\"\(width)\" y1=\"\(y)\" y2=\"\(y)\"/>"
        }
        return """
            <svg width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
            aria-hidden="true">\(lines)\(marks)</svg>
            """
    }

    private func center(_ lane: Int) -> Int { lane * Self.laneWidth + Self.laneWidth / 2 }

    private func state(of lane: String, at number: Int) -> String {
        let last = events[...number].last { $0.kind == .node && $0.node == lane }
        switch last?.text {
        case "is down": return "down"
        case "stands still": return "still"
        default: return "up"
        }
    }

    private static let style = """
        .unseen { position: absolute; left: -9999px; }
        .story-legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 10px 0; }
        .story-legend i { display: inline-block; width: 10px; height: 10px; border-radius: 5px;
          margin-right: 6px; background: var(--mark); }
        .story-scroll { overflow-x: auto; background: var(--sheet); border: 1px solid var(--rule); }
        .story { border-collapse: collapse; width: 100%; }
        .story td, .story th { padding: 0 10px; text-align: left; vertical-align: top;
          line-height: 26px; font-weight: 400; }
        .story th { color: var(--muted); vertical-align: bottom; }
        .story td.lanes { padding: 0 6px; line-height: 0; }
        .story td:nth-child(3) { white-space: nowrap; color: var(--muted); }
        .lane-heads { display: flex; width: calc(var(--lanes) * 28px); height: 110px; }
        .lane-heads span { width: 28px; writing-mode: vertical-rl; transform: rotate(180deg);
          line-height: 28px; white-space: nowrap; }
        .lane { stroke: var(--up); stroke-width: 2; }
        .lane.down { stroke: var(--down); stroke-dasharray: 2 4; }
        .lane.still { stroke: var(--hatch); stroke-dasharray: 6 3; }
        .k-fault { --mark: var(--process); } .k-leadership { --mark: var(--clock); }
        .k-record { --mark: var(--store); } .k-client { --mark: var(--pass); }
        .k-lake { --mark: var(--lake); } .k-node { --mark: var(--disk); }
        .k-note { --mark: var(--muted); } .k-probe { --mark: var(--network); }
        .k-violation { --mark: var(--fail); }
        .mark { fill: var(--mark); stroke: var(--mark); } .mark.across { stroke-width: 3; }
        .passed { fill: none; stroke: var(--mark); stroke-width: 2; }
        tr.k-violation td { color: var(--fail); font-weight: 650; }
        tr.k-fault td:last-child { font-weight: 600; }
        tr.k-record td:last-child, tr.k-leadership td:last-child { color: var(--ink); }
        tr.k-note td:last-child, tr.k-probe td:last-child { color: var(--muted); }
        @media (max-width: 700px) {
          .story-scroll { overflow: visible; border: 0; background: none; }
          .story, .story tbody { display: block; }
          .story thead { display: none; }
          .story tr { display: grid; grid-template-columns: 4.5em minmax(0, 1fr);
            border-left: 4px solid var(--mark); background: var(--sheet); margin-bottom: 3px;
            padding: 3px 0 3px 6px; }
          .story td { padding: 0 4px; line-height: 1.4; overflow-wrap: anywhere; border: 0; }
          .story td.lanes { display: none; }
          .story td:nth-child(3) { grid-column: 2; grid-row: 1; font-weight: 600; }
          .story td:nth-child(4) { grid-column: 2; }
        }
        .no-return { width: 100%; max-width: 900px; display: block; }
        .no-return line { stroke: var(--rule); }
        .no-return polyline { fill: none; stroke: var(--c1); stroke-width: 2; }
        .no-return circle { fill: var(--c1); }
        .no-return .rise { fill: var(--fail); opacity: .18; }
        .no-return text { font-size: 12px; fill: var(--muted); }
        .rises { font-size: 14px; } .rises b { font-variant-numeric: tabular-nums; }
        .rises li { overflow-wrap: anywhere; }
        @media print { .story tr { break-inside: avoid; } }

        """
}
