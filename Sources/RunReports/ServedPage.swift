/// The page that a served cluster shows at its own address: tables, buckets, servers and the lake
/// as they are, a table's columns and first rows, and a box for SQL.
///
/// It is the same for every cluster: what it shows it asks the JSON routes for, again and again,
/// and puts into the page as text, never as markup.
public enum ServedPage {
    public static var markup: String { page.text }

    public static var style: String { pageStyle + figureStyle + servedStyle }

    public static var script: String { servedScript }

    private static let page: Markup = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Wavetank</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/page.css">
        <script src="/page.js" defer></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip to the tables</a>
        <header class="masthead v-inconclusive" id="head">
        \(SeaSignature(traceHash: "served").drawing)
        <div class="masthead-text">
        <p class="brand"><a href="#/">Wavetank</a> <span>a served cluster</span></p>
        <h1 id="title">Cluster</h1>
        <p class="reason" id="state" role="status">asking the server</p>
        </div>
        </header>
        <noscript><p class="reason">This page needs JavaScript; all that it shows is at
        <a href="/openapi.json">/openapi.json</a> as well.</p></noscript>
        <dl class="facts" id="facts"></dl>
        <main id="main" tabindex="-1">
        \(overview)\(table)\(question)</main>
        <footer>All of this is JSON, too: <a href="/openapi.json">/openapi.json</a> says where.
        <a href="/metrics">/metrics</a> has figures for OpenMetrics.</footer>
        </body>
        </html>

        """

    private static let overview: Markup = """
        <div id="overview">
        \(Document.section("tables-title", "Tables", [
            grid("tables", "Tables", [
                ("Table", false), ("Kind", false), ("Buckets", true), ("With a leader", true),
                ("In sync", true), ("Changes", true), ("Not in the lake yet", true),
            ])
        ]))\(Document.section("servers-title", "Servers", [
            grid("servers", "Servers", [
                ("Server", false), ("Leads", true), ("Holds", true), ("Incarnation", true),
            ]), "<dl class=\"pairs\" id=\"services\"></dl>",
        ]))</div>

        """

    private static let table: Markup = """
        <div id="table" hidden>
        <p class="contents"><a href="#/">All tables</a></p>
        \(Document.section("columns-title", "Columns", [
            grid("columns", "Columns", [("Column", false), ("Type", false), ("Key", false)]),
            "<dl class=\"pairs\" id=\"properties\"></dl>",
        ]))\(Document.section("buckets-title", "Buckets", [
            grid("buckets", "Buckets", [
                ("Bucket", false), ("Leader", false), ("Epoch", true), ("In sync", false),
                ("Replicas", false), ("Changes", true), ("Remark", false),
            ])
        ]))\(Document.section("rows-title", "First rows", note: "In no order.", [
            "<p><button type=\"button\" id=\"again\">Read again</button></p>",
            "<p id=\"rows-state\" role=\"status\"></p>", grid("rows", "First rows", []),
        ]))</div>

        """

    private static let question = Document.section(
        "sql-title", "SQL",
        note: "A SELECT of SQLite over all tables, lake and log together; nothing is written.",
        [
            """
            <form id="sql">
            <label for="query">Statement</label>
            <textarea id="query" rows="4" spellcheck="false" autocomplete="off" \
            aria-describedby="query-help"></textarea>
            <p class="note" id="query-help">Control and Enter run it. At most 200 rows are \
            shown.</p>
            <p><button type="submit">Run</button></p>
            </form>
            <p id="answer-state" role="status"></p>

            """, grid("answer", "Answer", []),
        ])

    /// A table that the script fills; where it has no head, the script makes that, too.
    private static func grid(
        _ name: String, _ label: String, _ head: [(text: String, isNumber: Bool)]
    ) -> Markup {
        let titles = head.map { title -> Markup in
            let style: Markup = title.isNumber ? " class=\"n\"" : .nothing
            return "<th scope=\"col\"\(style)>\(title.text)</th>"
        }
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(label)">\
            <table class="figures" id="\(name)"><caption class="heard">\(label)</caption>\
            <thead><tr>\(titles)</tr></thead><tbody></tbody></table></div>

            """
    }
}

/// What the served page needs beyond the style of figure pages.
let servedStyle = """
    [hidden] { display: none; }
    .masthead a { color: inherit; }
    .brand a { text-decoration: none; }
    #title { overflow-wrap: anywhere; }
    .heard { position: absolute; width: 1px; height: 1px; overflow: hidden;
      clip-path: inset(50%); white-space: nowrap; }
    table.figures { min-width: 100%; }
    table.figures thead th:not(:first-child) { padding-left: 18px; }
    #rows, #answer { min-width: 0; }
    #tables tbody th, #columns tbody th { overflow-wrap: break-word; min-width: 9em;
      max-width: 24em; }
    #tables td, #buckets td, #buckets th { white-space: nowrap; }
    .scroll { max-height: 70vh; overflow-y: auto; position: relative; }
    .scroll thead th { position: sticky; top: 0; background: var(--paper); }
    #rows td, #rows th, #answer td, #answer th, #rows thead th:not(:first-child),
    #answer thead th:not(:first-child) { padding-left: 0; max-width: 32em; overflow: hidden;
      text-overflow: ellipsis; white-space: nowrap; padding-right: 18px; }
    td.null { color: var(--muted); font-style: italic; }
    td.bad, dd.bad { color: var(--fail); font-weight: 600; }
    label { display: block; font-weight: 600; font-size: 14px; margin-bottom: 4px; }
    textarea { width: 100%; font: 14px/1.5 ui-monospace, "SF Mono", "Cascadia Mono", Menlo,
      Consolas, monospace; color: var(--ink); background: var(--sheet); padding: 10px 12px;
      border: 1px solid var(--muted); border-radius: 4px; resize: vertical; }
    button { font: inherit; font-weight: 600; color: var(--paper); background: var(--link);
      border: 0; border-radius: 4px; padding: 7px 18px; cursor: pointer; min-height: 36px; }
    button:disabled { opacity: .55; cursor: default; }
    form p { margin: 6px 0; }
    #answer-state, #rows-state { margin: 8px 0; overflow-wrap: anywhere; white-space: pre-wrap; }
    .failed { color: var(--fail); }
    .pairs { margin-top: 12px; }
    @media (max-width: 700px) {
      table.figures thead th:not(:first-child) { padding-left: 6px; }
    }
    .pairs dd { overflow-wrap: anywhere; }

    """
