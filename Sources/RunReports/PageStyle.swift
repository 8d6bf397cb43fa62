/// The style of the page. Colours are variables, set once for light and once for dark.
let pageStyle = """
    :root {
      --paper: #f6f8f9; --sheet: #ffffff; --ink: #10222e; --muted: #526573; --rule: #d9e1e6;
      --soft: #e9eff2; --link: #0b6478;
      --pass: #17734a; --fail: #b3261e; --open: #8a5a00;
      --process: #c43d32; --clock: #7a4fb5; --network: #c05f00; --disk: #80621a;
      --store: #2567c4; --coordination: #b8347f; --lake: #0f7c73; --other: #5d6b76;
      --vectors: #3c7a2e;
      --l1: #1f6f8b; --l2: #8a5a9e; --l3: #4c7a34; --l4: #a3562b; --l5: #5a64a8; --l6: #85622f;
      --c1: #0b7285; --c2: #c2571a; --c3: #6b4fb3; --c4: #2f7d32; --c5: #b0306a; --c6: #7a6212;
      --b1: #07485a; --b2: #2b8ba3; --b3: #7fc0cf; --b4: #c3e2e9;
      --h1: #b5dbe3; --h2: #8cc6d3; --h3: #5dacbf; --h4: #3090a8; --h5: #13728c; --h6: #08546b;
      --h7: #052f3e; --g1: #d7ecf0; --g2: #a9d6e0; --g3: #74b9ca;
      --up: #7fa7b5; --hatch: #b98a1d; --hatch-ground: #f5e6bf; --down: #c43d32;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #0b161e; --sheet: #10202a; --ink: #e4edf2; --muted: #9bb0bd; --rule: #233744;
        --soft: #182b37; --link: #6cc7dc;
        --pass: #5fd39b; --fail: #ff8a80; --open: #f0bf5a;
        --process: #c9544a; --clock: #8f6cc9; --network: #bd6b1c; --disk: #92752c;
        --store: #4379cc; --coordination: #bf4b8f; --lake: #22887f; --other: #6b7a86;
        --vectors: #4d8a3f;
        --l1: #2d7f9b; --l2: #8c62a1; --l3: #55823e; --l4: #a5623b; --l5: #6a74b8; --l6: #8a6a3a;
        --c1: #4fc3d9; --c2: #f39a5b; --c3: #b39ae8; --c4: #7cc97f; --c5: #f07fb2; --c6: #d6bd5c;
        --b1: #c9f2fb; --b2: #3fa0b8; --b3: #1f6274; --b4: #163e4c;
        --h1: #184656; --h2: #1d5f73; --h3: #257d94; --h4: #339cb4; --h5: #5bbdd2; --h6: #96dcea;
        --h7: #dcf8fe; --g1: #13333f; --g2: #184c5d; --g3: #1d6074;
        --up: #4d7a8b; --hatch: #d9a93a; --hatch-ground: #3b3115; --down: #e0645a;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--paper); color: var(--ink);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", Roboto, sans-serif;
      print-color-adjust: exact; -webkit-print-color-adjust: exact;
    }
    main, .facts, footer, .masthead-text { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
    code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace;
      font-size: .92em; overflow-wrap: anywhere; }
    h1, h2, h3, p, dl, dd, ul, ol, table { margin: 0; padding: 0; }
    ul, ol { list-style: none; }
    small { font-size: 12px; color: var(--muted); font-weight: 400; }
    .n { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
    .skip { position: absolute; left: -999px; }
    .skip:focus { left: 8px; top: 8px; background: var(--sheet); padding: 8px; z-index: 2; }
    :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
    .definitions { position: absolute; width: 0; height: 0; }

    .masthead { position: relative; color: #eaf4f7; background: #0c2a3a; overflow: hidden;
      padding: 28px 0 calc(max(92px, 7.5vw) + 6px); }
    .masthead.v-pass { background: linear-gradient(115deg, #0a2a3b, #0d4a52); }
    .masthead.v-fail { background: linear-gradient(115deg, #241a2b, #5b1f24); }
    .masthead.v-inconclusive { background: linear-gradient(115deg, #1d2430, #54401a); }
    .masthead-text { position: relative; }
    .sea { position: absolute; left: 0; bottom: -1px; width: 100%;
      height: max(92px, 7.5vw); }
    .sea .far { fill: #ffffff; opacity: .1; }
    .sea .near { fill: var(--paper); }
    .brand { font-weight: 650; letter-spacing: .02em; }
    .brand span { font-weight: 400; opacity: .75; }
    h1 { font-size: clamp(22px, 3.4vw, 34px); line-height: 1.2; font-weight: 650;
      margin: 14px 0 14px; max-width: 30em; text-wrap: balance; }
    .verdict { display: flex; align-items: center; gap: 10px; font-size: 21px; }
    .verdict circle { fill: #fff; }
    .verdict path { fill: none; stroke-width: 2.6; stroke-linecap: round; stroke-linejoin: round; }
    .v-pass .verdict path { stroke: #0f6b45; }
    .v-fail .verdict path { stroke: #b3261e; }
    .v-inconclusive .verdict path { stroke: #8a5a00; }
    .reason { margin-top: 6px; max-width: 60em; }
    .source { margin-top: 10px; opacity: .85; font-size: 14px; }

    .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr));
      gap: 10px 28px; margin-top: 4px; }
    .facts dt { font-size: 13px; color: var(--muted); }
    .facts dd { font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums;
      line-height: 1.25; }
    .facts dd small { display: block; }

    section, .notes { margin-top: 44px; }
    h2 { font-size: 21px; font-weight: 650; margin-bottom: 10px; }
    h3 { font-size: 14px; font-weight: 650; margin: 16px 0 5px; }
    h3 small { margin-left: 6px; }
    .note { color: var(--muted); font-size: 13px; margin: 2px 0 10px; }
    .notes { border-left: 4px solid var(--open); background: var(--sheet); padding: 10px 16px; }
    .violations { border-left: 4px solid var(--fail); background: var(--sheet);
      padding: 14px 20px 18px; }
    .violations h2 { color: var(--fail); }
    .violations li { padding: 4px 0; display: grid; grid-template-columns: 5em 1fr; gap: 12px;
      overflow-wrap: anywhere; }

    table { border-collapse: collapse; width: 100%; }
    th { text-align: left; font-weight: 600; }
    th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
    thead th { font-size: 13px; color: var(--muted); font-weight: 500; }
    th.n { text-align: right; }
    .oracles tbody th div { display: grid; grid-template-columns: 190px minmax(0, 1fr); gap: 0 18px;
      align-items: baseline; }
    .oracles td:last-child, .oracles thead th:last-child { width: 11em; padding-left: 20px; }
    .held span, .broken span, .blind span { white-space: nowrap; display: inline-flex;
      align-items: center; gap: 7px; }
    .held span::before, .broken span::before, .blind span::before { content: ""; width: 9px;
      height: 9px; border-radius: 50%; background: currentColor; }
    .held { color: var(--pass); }
    .broken { color: var(--fail); font-weight: 650; }
    .broken span::before { border-radius: 1px; transform: rotate(45deg); }
    .blind { color: var(--open); }
    .idle { opacity: 0.7; }
    .blind span::before { background: none; border: 2px solid currentColor; }

    .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--muted);
      margin-bottom: 8px; }
    .swatch { display: inline-block; width: 11px; height: 11px; border-radius: 3px;
      margin-right: 6px; vertical-align: -1px; }
    .row { display: grid; grid-template-columns: 190px minmax(0, 1fr); gap: 18px; }
    .label { font-size: 13px; line-height: 1.3; min-width: 0; overflow-wrap: anywhere; }
    .label b { font-weight: 550; }
    .label small { display: block; }
    .row:not(.chart):not(.axis) .label small { display: inline; margin-left: 7px; }
    .row + .row { margin-top: 3px; }
    .track { min-width: 0; }
    .track > svg { display: block; width: 100%; overflow: visible; }
    .axis { position: sticky; top: 0; background: var(--paper); z-index: 1; padding: 4px 0 2px;
      border-bottom: 1px solid var(--rule); margin-bottom: 6px; }
    .axis .label { color: var(--muted); }
    .axis text { font-size: 12px; fill: var(--muted); font-variant-numeric: tabular-nums; }
    .grid line { stroke: var(--rule); stroke-width: 1; }
    .up { fill: var(--up); opacity: .55; }
    .gap { fill: var(--paper); }
    rect.s-down { fill: none; stroke: var(--down); stroke-width: 1.5; stroke-dasharray: 3 2; }
    rect.s-paused { fill: url(#hatch); }
    i.s-down { border: 1.5px dashed var(--down); }
    i.s-paused { background: repeating-linear-gradient(45deg, var(--hatch) 0 2.5px,
      var(--hatch-ground) 2.5px 6px); }
    .hatch-ground { fill: var(--hatch-ground); }
    .hatch-line { fill: var(--hatch); }
    .pill text { font-size: 11px; fill: #fff; }
    .pill rect { stroke: var(--paper); stroke-width: .75; }
    .outside { font-size: 11px; fill: var(--muted); }
    symbol { overflow: visible; }
    .violation { overflow: visible; }
    .violation path { fill: var(--fail); stroke: var(--paper); stroke-width: 1.5; }
    .seen line { stroke: var(--fail); stroke-width: 1.5; stroke-dasharray: 4 3; opacity: .8; }
    .f-process { --f: var(--process); } .f-clock { --f: var(--clock); }
    .f-network { --f: var(--network); } .f-disk { --f: var(--disk); }
    .f-objectStore { --f: var(--store); } .f-coordination { --f: var(--coordination); }
    .f-lake { --f: var(--lake); } .f-vectorService { --f: var(--vectors); }
    .f-other { --f: var(--other); }
    .pill[class*="f-"] rect { fill: var(--f); }
    i[class*="f-"] { background: var(--f); }
    .shade rect { fill: var(--f); opacity: .1; }
    .bars rect { fill: var(--f); opacity: .8; }
    .l-1 rect { fill: var(--l1); } .l-2 rect { fill: var(--l2); } .l-3 rect { fill: var(--l3); }
    .l-4 rect { fill: var(--l4); } .l-5 rect { fill: var(--l5); } .l-6 rect { fill: var(--l6); }
    .bare { stroke: var(--down); stroke-width: 1.5; }
    .base { stroke: var(--rule); }
    .commit { fill: var(--lake); transform: translateX(-2px); }
    details { margin-top: 14px; }
    summary { cursor: pointer; color: var(--link); font-size: 14px; }
    .scroll { overflow-x: auto; }
    details table { font-size: 13px; margin-top: 8px; }
    details td, details tbody th { padding-top: 3px; padding-bottom: 3px; }
    details tbody th { font-weight: 500; }

    .chart { padding: 12px 0 14px; border-bottom: 1px solid var(--rule); }
    .chart .label b { font-size: 14px; font-weight: 650; }
    table.key { margin-top: 8px; font-size: 12px; }
    table.key th, table.key td { border: 0; padding: 1px 6px 1px 0; font-weight: 400; }
    table.key td, table.key thead th { text-align: right; font-variant-numeric: tabular-nums;
      white-space: nowrap; }
    table.key thead th { font-size: 11px; }
    i.key { display: inline-block; width: 13px; height: 4px; border-radius: 2px; margin-right: 7px;
      vertical-align: 3px; background: var(--k); }
    i.key[class*="b-"] { height: 10px; vertical-align: -1px; }
    table.key tr > :nth-child(4) { display: none; }
    table.key.live tr > :nth-child(2), table.key.live tr > :nth-child(3) { display: none; }
    table.key.live tr > :nth-child(4) { display: table-cell; color: var(--ink); }
    .score { position: relative; }
    .cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--ink);
      pointer-events: none; z-index: 3; }
    .cursor span { position: sticky; top: 4px; display: inline-block; font-size: 12px;
      background: var(--ink); color: var(--paper); padding: 1px 6px; border-radius: 3px;
      font-variant-numeric: tabular-nums; }
    .cursor .left { transform: translateX(-100%); }
    .line { fill: none; stroke: var(--k); stroke-width: 1.7; vector-effect: non-scaling-stroke;
      stroke-linejoin: round; stroke-linecap: round; }
    .line[class*="b-"] { stroke-width: .6; }
    .line.b-1 { stroke-width: 1.7; }
    .area { fill: var(--k); }
    .c-1 { --k: var(--c1); } .c-2 { --k: var(--c2); } .c-3 { --k: var(--c3); }
    .c-4 { --k: var(--c4); } .c-5 { --k: var(--c5); } .c-6 { --k: var(--c6); }
    .b-1 { --k: var(--b1); } .b-2 { --k: var(--b2); } .b-3 { --k: var(--b3); }
    .b-4 { --k: var(--b4); }
    .h-1 { --h: var(--h1); } .h-2 { --h: var(--h2); } .h-3 { --h: var(--h3); }
    .h-4 { --h: var(--h4); } .h-5 { --h: var(--h5); } .h-6 { --h: var(--h6); }
    .h-7 { --h: var(--h7); }
    .map path { fill: var(--h); shape-rendering: crispEdges; }
    .shades { display: flex; margin-top: 10px; font-size: 11px; color: var(--muted);
      font-variant-numeric: tabular-nums; max-width: 210px; }
    .shades li { flex: 1; min-width: 0; white-space: nowrap; }
    .shades i { display: block; height: 9px; background: var(--h); }
    line.mark { stroke: var(--ink); opacity: .13; }
    text.mark { font-size: 11px; fill: var(--muted); font-variant-numeric: tabular-nums;
      paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
    text.empty { font-size: 13px; fill: var(--muted); }

    .probes { display: flex; flex-wrap: wrap; gap: 6px; }
    .probes li { border-radius: 4px; padding: 2px 9px; font-size: 13px; background: var(--soft);
      overflow-wrap: anywhere; }
    .probes b { margin-left: 8px; font-variant-numeric: tabular-nums; font-weight: 600; }
    .probes.missed li { background: none; border: 1px dashed var(--open); color: var(--open); }
    .coverage { font-size: 13px; }
    .coverage th, .coverage td { padding: 2px 4px; vertical-align: middle; }
    .coverage thead th { text-align: center; }
    .coverage th:first-child { position: sticky; left: 0; background: var(--paper);
      text-align: left; padding: 2px 10px 2px 0; white-space: nowrap; }
    .coverage tbody th { font-weight: 500; }
    .coverage td.n, .coverage th.n { padding-right: 14px; color: var(--muted); text-align: right; }
    .coverage td span { display: block; min-width: 4.2em; border-radius: 4px; padding: 1px 6px;
      text-align: center; font-variant-numeric: tabular-nums; border: 1px solid transparent; }
    .coverage .never span { border: 1px dashed var(--open); color: var(--open); }
    .g-1 span { background: var(--g1); } .g-2 span { background: var(--g2); }
    .g-3 span { background: var(--g3); }
    pre { background: var(--sheet); border: 1px solid var(--rule); border-radius: 4px;
      padding: 12px 14px; overflow-x: auto; margin: 0 0 12px; white-space: pre-wrap; }
    .pairs { display: flex; flex-wrap: wrap; gap: 6px 32px; font-size: 14px; margin-bottom: 8px; }
    .pairs dt { font-size: 12px; color: var(--muted); }
    .counters { columns: 3 280px; column-gap: 36px; }
    .counters table { break-inside: avoid; font-size: 13px; margin-bottom: 18px; }
    .counters caption { text-align: left; font-weight: 650; font-size: 14px; padding-bottom: 2px; }
    .counters th { font-weight: 400; }
    .counters th, .counters td { padding: 3px 0; }
    footer { color: var(--muted); font-size: 13px; margin: 48px auto 40px; }

    @media (max-width: 960px) {
      .outside, .minor { display: none; }
    }
    @media (max-width: 700px) {
      main, .facts, footer, .masthead-text { padding: 0 16px; }
      .row { grid-template-columns: minmax(0, 1fr); gap: 2px; }
      .row + .row { margin-top: 7px; }
      .axis .label { display: none; }
      .chart .track { margin-top: 10px; }
      .facts { grid-template-columns: 1fr 1fr; }
      .oracles tbody th div { grid-template-columns: minmax(0, 1fr); }
      .oracles td:last-child, .oracles thead th:last-child { width: auto; padding-left: 6px;
        padding-right: 0; }
      .violations li { grid-template-columns: 1fr; gap: 0; }
      .violations li .n { text-align: left; }
      table.key { width: auto; }
      .coverage { font-size: 11px; }
      .coverage .swatch { display: none; }
      .coverage thead th:nth-child(n+3) { writing-mode: sideways-lr; text-align: left;
        vertical-align: bottom; }
      .coverage th, .coverage td { padding: 2px; }
      .coverage td.n, .coverage th.n { padding-right: 6px; }
      .coverage td span { min-width: 3.3em; padding: 1px 2px; }
      table.key th, table.key td { padding-right: 16px; }
    }
    @media print {
      :root { --paper: #ffffff; }
      body { font-size: 11px; }
      .axis { position: static; }
      .masthead { padding-bottom: 28px; }
      .sea, .outside, .minor { display: none; }
      h2, h3, thead, .axis { break-after: avoid; }
      .row, tr, .chart { break-inside: avoid; }
      .scroll { overflow: visible; }
      .coverage { font-size: 9px; }
      .coverage th, .coverage td { padding: 1px 2px; }
      .coverage td span { min-width: 0; padding: 1px 2px; }
      .skip, .cursor { display: none; }
    }

    """
