/// The frame that all pages but a run's own share: masthead, facts, sections, footer.
struct Document {
    enum Mood: String {
        case pass, fail, inconclusive
    }

    var kind: String
    var title: String
    var mood: Mood
    /// What stands large beside the sign.
    var verdict: String
    var reason = ""
    /// Draws the sea at the bottom of the masthead: pages of the same figures show the same waves.
    var signature: String
    var facts: [(name: String, value: String, detail: String)] = []
    var sections: [Markup] = []
    var footer: String
    /// What its sections need beyond the style of a run's page.
    var style = figureStyle

    var markup: Markup {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="generator" content="wavetank">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(verdict): \(title)</title>
        <style>
        \(Markup(stringLiteral: pageStyle))\(Markup(stringLiteral: style))</style>
        </head>
        <body>
        <a class="skip" href="#main">Skip to the figures</a>
        <header class="masthead v-\(mood.rawValue)">
        \(SeaSignature(traceHash: signature).drawing)
        <div class="masthead-text">
        <p class="brand">Wavetank <span>\(kind)</span></p>
        <h1>\(PageLimits.clip(title, to: 300))</h1>
        <p class="verdict"><svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">\
        <circle cx="12" cy="12" r="11"/><path d="\(sign)"/></svg>\
        <strong>\(verdict)</strong></p>
        \(reason.isEmpty ? .nothing : "<p class=\"reason\">\(reason)</p>")
        </div>
        </header>
        <dl class="facts">
        \(facts.map { fact -> Markup in
            "<div><dt>\(fact.name)</dt><dd>\(fact.value)<small>\(fact.detail)</small></dd></div>\n"
        })</dl>
        <main id="main">
        \(sections)</main>
        <footer>\(footer)</footer>
        </body>
        </html>

        """
    }

    private var sign: String {
        switch mood {
        case .pass: "M6.5 12.5l3.6 3.6 7.4-8"
        case .fail: "M8 8l8 8M16 8l-8 8"
        case .inconclusive: "M9 9.2c.2-3.6 6.2-3.4 6 .2-.1 2-2.8 2.2-2.9 4.4M12 16.6v.6"
        }
    }

    /// A section with a heading that can be linked to.
    static func section(
        _ identifier: String, _ title: String, note: String = "", _ body: [Markup]
    ) -> Markup {
        let explanation: Markup = note.isEmpty ? .nothing : "<p class=\"note\">\(note)</p>"
        return """
            <section aria-labelledby="\(identifier)"><h2 id="\(identifier)">\(title)</h2>
            \(explanation)\(body)
            </section>

            """
    }

    /// A table whose first column names the rows; numbers stand to the right.
    static func table(
        _ head: [String], _ rows: [(name: Markup, cells: [Markup])], style: String = ""
    ) -> Markup {
        let titles = head.dropFirst().map { "<th scope=\"col\" class=\"n\">\($0)</th>" as Markup }
        let lines = rows.map { row -> Markup in
            let cells = row.cells.map { "<td class=\"n\">\($0)</td>" as Markup }
            return "<tr><th scope=\"row\">\(row.name)</th>\(cells)</tr>\n"
        }
        return """
            <div class="scroll" tabindex="0"><table class="figures \(style)"><thead><tr>\
            <th scope="col">\(head.first ?? "")</th>\(titles)</tr></thead>
            <tbody>\(lines)</tbody></table></div>

            """
    }
}

/// What figure pages need beyond the style of a run's page.
let figureStyle = """
    .contents { display: flex; flex-wrap: wrap; gap: 6px 18px; margin-top: 20px; font-size: 14px; }
    a { color: var(--link); }
    table.figures { width: auto; min-width: 60%; font-size: 13px; }
    table.figures th, table.figures td { padding-top: 4px; padding-bottom: 4px; }
    table.figures th[scope=row] { font-weight: 500; padding-right: 28px; }
    table.figures td, table.figures thead th.n { padding-left: 18px; }
    table.figures tbody tr:hover { background: var(--soft); }
    .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr));
      gap: 10px 44px; }
    .drawing { margin: 14px 0 6px; min-width: 0; }
    .drawing h3 { margin-top: 8px; }
    .strip { display: grid; grid-template-columns: 12.5em minmax(0, 1fr) 5.5em; gap: 12px;
      align-items: center; font-size: 13px; }
    .strip + .strip { margin-top: 2px; }
    .strip svg { display: block; width: 100%; height: 18px; overflow: visible; }
    .strip .n { color: var(--muted); }
    .strip.head { color: var(--muted); font-size: 12px; }
    .strip.group { margin-top: 9px; }
    .strip .span { fill: var(--b3); }
    .strip .core { fill: var(--b2); }
    .strip .dot { fill: var(--b1); }
    .strip .tip { stroke: var(--ink); stroke-width: 1.5; opacity: .55; }
    .strip .tick { stroke: var(--rule); }
    .strip .bar { fill: var(--c1); }
    .strip .bar.two { fill: var(--c2); } .strip .bar.three { fill: var(--c3); }
    .strip .bar.four { fill: var(--c4); }
    .faults-on .bar { opacity: .62; }
    .worse { color: var(--fail); } .better { color: var(--pass); }
    rect.worse { fill: var(--fail); } rect.better { fill: var(--pass); }
    rect.moved { fill: var(--up); }
    .difference { padding: 9px 0; border-bottom: 1px solid var(--rule); display: grid;
      grid-template-columns: minmax(0, 1fr) 240px; gap: 4px 24px; align-items: center; }
    .difference b { font-weight: 600; }
    .difference small { display: block; overflow-wrap: anywhere; }
    .difference svg { width: 100%; height: 22px; overflow: visible; }
    .difference line { stroke: var(--rule); }
    .difference line.bound { stroke: var(--open); stroke-dasharray: 3 2; }
    .wall { border-left: 4px solid var(--rule); padding-left: 18px; }
    .plot { display: block; width: 100%; height: 190px; overflow: visible; }
    .plot text { font-size: 11px; fill: var(--muted); }
    .plot .point { fill: var(--k); stroke: var(--paper); stroke-width: 1.5; }
    .spark { width: 180px; height: 26px; overflow: visible; display: inline-block;
      vertical-align: middle; }
    .spark polyline { fill: none; stroke: var(--c1); stroke-width: 1.6; }
    .spark circle { fill: var(--c1); }
    .cells { display: flex; flex-wrap: wrap; gap: 2px; }
    .cells i { width: 9px; height: 9px; border-radius: 2px; background: var(--pass); opacity: .75; }
    .cells i.fail { background: var(--fail); opacity: 1; }
    .cells i.inconclusive { background: var(--open); opacity: 1; }
    .cause { border-left: 4px solid var(--fail); background: var(--sheet); padding: 10px 16px;
      margin: 10px 0; overflow-wrap: anywhere; }
    .cause pre { margin: 8px 0 2px; }
    @media (max-width: 700px) {
      .difference { grid-template-columns: minmax(0, 1fr); }
      .strip { grid-template-columns: 7.5em minmax(0, 1fr) 4.8em; gap: 8px; font-size: 12px; }
      table.figures { min-width: 100%; }
      table.figures td, table.figures thead th.n { padding-left: 6px; }
      table.figures th[scope=row] { padding-right: 6px; min-width: 6em; }
      table.figures.history tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; }
      table.figures.history thead { display: none; }
      table.figures.history th, table.figures.history td { border: 0; }
      table.figures.history td:nth-of-type(1) { grid-column: 1 / 3; grid-row: 2;
        text-align: left; }
      table.figures.history td:nth-of-type(2) { font-weight: 600; }
      table.figures.history td:nth-of-type(3) { grid-column: 1 / 3; text-align: left;
        color: var(--muted); border-bottom: 1px solid var(--rule); padding-bottom: 6px; }
      table.figures.history .spark { width: 100%; }
    }
    @media print { .strip, .difference { break-inside: avoid; } .contents { display: none; }
      details > * { display: block; } }

    """
