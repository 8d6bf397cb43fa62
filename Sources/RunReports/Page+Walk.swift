import JSON

extension Page {
    /// A slider through the run, and what the cluster was at the moment it stands at.
    func walk() -> Markup {
        if report.nodes.isEmpty { return .nothing }
        let buckets = report.buckets.prefix(limits.buckets)
        return """
            <section aria-labelledby="walk-title" class="walk" data-length="\
            \(TimeAxis.text(axis.length))">
            <h2 id="walk-title">Moment by moment</h2>
            <p class="note">Drag the slider, or use the arrow keys on it: what the nodes, buckets \
            and faults were at that moment of simulated time.</p>
            <div class="walk-bar"><button type="button" data-step="-1">Last change</button>\
            <input type="range" min="0" max="10000" value="0" step="1" \
            aria-label="Moment of simulated time">\
            <button type="button" data-step="1">Next change</button>\
            <output>0:00.0</output></div>
            <div class="walk-now"><div><h3>Nodes</h3><ul class="walk-nodes"></ul>\
            <h3>Open faults</h3><ul class="walk-faults"></ul></div>\
            <div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Bucket</th>\
            <th scope="col">Leader</th><th scope="col" class="n">Epoch</th>\
            <th scope="col">In sync</th><th scope="col" class="n">Committed to</th>\
            <th scope="col" class="n">In the lake to</th></tr></thead><tbody class="walk-buckets">\
            </tbody></table>\
            \(leftOut(report.buckets.count - buckets.count, "buckets"))</div></div>
            <script type="application/json" class="walk-data">\(data(Array(buckets)))</script>
            </section>

            """
    }

    /// What the slider walks through, as JSON that cannot end its element.
    private func data(_ buckets: [BucketHistory]) -> Markup {
        let budget = limits.bucketChanges / max(1, buckets.count)
        let nodes = report.nodes.prefix(limits.nodes).map { node -> JSONValue in
            let states = node.intervals.filter { $0.state != .up }
                .heaviest(limits.nodeIntervals / max(1, report.nodes.count)) { $0.until - $0.from }
            return .array([
                .string(limits.clip(node.node, to: 60)),
                .array(
                    states.map {
                        .array([.number($0.from), .number($0.until), .string($0.state.rawValue)])
                    }),
            ])
        }
        let drawn = faults.map { fault -> JSONValue in
            .array([
                .number(fault.atSeconds), .number(fault.untilSeconds),
                .string(limits.clip("\(fault.kind) \(fault.target)", to: 80)),
            ])
        }
        let thinned = buckets.map { bucket -> JSONValue in
            var few = bucket
            few.bucket = limits.clip(bucket.bucket, to: 60)
            few.changes = bucket.changes.thinned(to: budget)
            return few.json
        }
        let all: JSONValue = [
            "nodes": .array(nodes), "faults": .array(drawn), "buckets": .array(thinned),
        ]
        var text = ""
        for character in all.compact {
            text += character == "<" ? "\\u003c" : character == "&" ? "\\u0026" : String(character)
        }
        return Markup(stringLiteral: text)
    }
}

extension [BucketHistory.Change] {
    /// At most so many: changes of the leader or the in-sync set first, then evenly over the rest.
    fileprivate func thinned(to limit: Int) -> [BucketHistory.Change] {
        if count <= limit { return self }
        var kept: Set<Int> = [0]
        for position in indices.dropFirst() where kept.count < limit {
            let (before, now) = (self[position - 1], self[position])
            if before.leader != now.leader || before.inSync != now.inSync {
                kept.insert(position)
            }
        }
        let room = Swift.max(0, limit - kept.count)
        for step in 0..<room { kept.insert(step * count / Swift.max(1, room)) }
        return kept.sorted().map { self[$0] }
    }
}

/// What the slider does.
let walkScript = """
    (() => {
      const walk = document.querySelector('.walk');
      if (!walk) return;
      const data = JSON.parse(walk.querySelector('.walk-data').textContent);
      const length = +walk.dataset.length;
      const slider = walk.querySelector('input'), output = walk.querySelector('output');
      const parts = ['nodes', 'faults', 'buckets'].map(name => walk.querySelector('.walk-' + name));
      const names = { up: 'up', down: 'down', paused: 'paused' };
      const clock = seconds => {
        const whole = Math.floor(seconds), two = number => String(number).padStart(2, '0');
        return Math.floor(whole / 60) + ':' + two(whole % 60) + '.' + Math.floor(seconds * 10) % 10;
      };
      const moments = [...new Set([0,
        ...data.nodes.flatMap(node => node[1].flatMap(state => [state[0], state[1]])),
        ...data.faults.flatMap(fault => [fault[0], fault[1]]),
        ...data.buckets.flatMap(bucket => bucket.changes.filter((change, index, all) => !index
          || change[1] !== all[index - 1][1] || String(change[3]) !== String(all[index - 1][3]))
          .map(change => change[0]))])].filter(at => at <= length).sort((a, b) => a - b);
      const element = (name, text, style) => {
        const made = document.createElement(name);
        made.textContent = text;
        if (style) made.className = style;
        return made;
      };
      let now = 0;
      const show = at => {
        now = Math.min(length, Math.max(0, at));
        slider.value = Math.round(now / length * 10000);
        output.textContent = clock(now);
        slider.setAttribute('aria-valuetext', clock(now));
        parts[0].replaceChildren(...data.nodes.map(([name, states]) => {
          const state = (states.find(s => s[0] <= now && now < s[1]) || [0, 0, 'up'])[2];
          return element('li', name + ' ' + names[state], 'w-' + state);
        }));
        const open = data.faults.filter(fault =>
          fault[0] <= now && (now < fault[1] || fault[1] <= fault[0] && now - fault[0] < 1));
        parts[1].replaceChildren(...(open.length ? open.map(fault => element('li', fault[2]))
          : [element('li', 'none')]));
        parts[2].replaceChildren(...data.buckets.map(bucket => {
          const change = bucket.changes.findLast(change => change[0] <= now);
          const row = document.createElement('tr');
          const name = element('th', bucket.bucket);
          name.scope = 'row';
          row.append(name, ...(change ? [
            element('td', change[1] || 'nobody', change[1] ? '' : 'w-down'),
            element('td', change[2], 'n'), element('td', change[3].join(', ')),
            element('td', change[4], 'n'), element('td', change[5] ?? '—', 'n')]
            : [element('td', 'not there yet'), ...[1, 2, 3, 4].map(() => element('td', ''))]));
          return row;
        }));
      };
      slider.addEventListener('input', () => show(slider.value / 10000 * length));
      for (const button of walk.querySelectorAll('button')) button.addEventListener('click', () => {
        const next = +button.dataset.step > 0 ? moments.find(at => at > now + 1e-6)
          : moments.findLast(at => at < now - 1e-6);
        if (next !== undefined) show(next);
      });
      show(0);
    })();

    """

/// How it looks.
let walkStyle = """
    .walk-bar { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; }
    .walk-bar input { flex: 1 1 220px; min-width: 0; accent-color: var(--link); height: 28px; }
    .walk-bar output { font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums;
      min-width: 4.5em; text-align: right; }
    .walk-bar button { font: inherit; font-size: 13px; color: var(--link); padding: 5px 10px;
      background: var(--sheet); border: 1px solid var(--rule); border-radius: 4px; }
    .walk-now { display: grid; grid-template-columns: 210px minmax(0, 1fr); gap: 6px 28px; }
    .walk-now table { font-size: 13px; margin-top: 12px; }
    .walk-now th, .walk-now td { padding: 3px 12px 3px 0; white-space: nowrap; }
    .walk-nodes, .walk-faults { display: flex; flex-wrap: wrap; gap: 4px; font-size: 13px; }
    .walk-nodes li, .walk-faults li { background: var(--soft); border-radius: 4px; padding: 1px 8px;
      overflow-wrap: anywhere; }
    .walk .w-down { color: var(--fail); font-weight: 600; }
    .walk .w-paused { color: var(--open); font-weight: 600; }
    @media (max-width: 700px) {
      .walk-now { grid-template-columns: minmax(0, 1fr); }
      .walk-bar input { flex-basis: 100%; order: -1; }
      .walk-now th, .walk-now td { padding-right: 8px; font-size: 12px; }
    }
    @media print { .walk { display: none; } }

    """
