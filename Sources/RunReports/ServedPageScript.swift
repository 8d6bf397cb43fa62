/// What the served page does: asks, and shows the answers.
///
/// Whatever comes from the server becomes text of an element, so no name can become markup. A cell
/// is touched only where its text differs, so that nothing flickers and a selection stays.
let servedScript = """
    (() => {
      'use strict';
      const INTERVAL = 2000, SHOWN = 500, ROWS = 20, ANSWERS = 200;
      const get = name => document.getElementById(name);

      // Numbers as they were written: some have more digits than a number here can have.
      class Exact { constructor(text) { this.text = text; } }
      const parse = text => JSON.parse(text, (name, value, context) =>
        typeof value === 'number' && context?.source !== undefined
          ? new Exact(context.source) : value);
      const plain = value => value instanceof Exact ? Number(value.text) : value;
      const shown = value => value instanceof Exact ? value.text
        : value === null || value === undefined ? 'null'
        : typeof value === 'object'
          ? JSON.stringify(value, (name, inner) => inner instanceof Exact ? plain(inner) : inner)
        : String(value);
      const count = number => Number(number).toLocaleString('en-US');

      const ask = async (path, options) => {
        const stop = new AbortController();
        const timer = setTimeout(() => stop.abort(), 90000);
        let answer, text;
        try {
          answer = await fetch(path, { signal: stop.signal, ...options });
          text = await answer.text();
        } catch { throw new Error('the server does not answer'); } finally { clearTimeout(timer); }
        let value = null;
        try { value = parse(text); } catch { value = null; }
        if (!answer.ok) throw new Error(value?.detail ?? `the server says ${answer.status}`);
        return { value, headers: answer.headers };
      };

      // MARK: Drawing

      const write = (element, text) => {
        if (element.textContent !== text) element.textContent = text;
      };
      const mark = (element, name) => {
        if (element.className !== name) element.className = name;
      };
      // A cell: { text, link, kind }; the first of a row names it.
      const draw = (cell, content) => {
        if (content.link) {
          let link = cell.firstElementChild;
          if (!link || link.tagName !== 'A') {
            link = document.createElement('a');
            cell.replaceChildren(link);
          }
          if (link.getAttribute('href') !== content.link) link.href = content.link;
          write(link, content.text);
        } else {
          write(cell, content.text);
        }
        mark(cell, content.kind ?? '');
        const title = content.title ?? '';
        if (cell.title !== title) cell.title = title;
      };
      const fill = (name, rows, isNamed = true) => {
        const body = get(name).tBodies[0];
        while (body.rows.length > rows.length) body.deleteRow(-1);
        rows.forEach((cells, index) => {
          const row = body.rows[index] ?? body.insertRow();
          while (row.cells.length > cells.length) row.deleteCell(-1);
          while (row.cells.length < cells.length) {
            const isHead = isNamed && row.cells.length === 0;
            const cell = document.createElement(isHead ? 'th' : 'td');
            if (isHead) cell.scope = 'row';
            row.append(cell);
          }
          cells.forEach((cell, place) => draw(row.cells[place], cell));
        });
      };
      const headings = (name, texts) => {
        const row = get(name).tHead.rows[0];
        row.replaceChildren(...texts.map(text => {
          const cell = document.createElement('th');
          cell.scope = 'col';
          cell.textContent = text;
          return cell;
        }));
      };
      const pairs = (name, entries) => {
        const list = get(name);
        while (list.children.length > entries.length) list.lastElementChild.remove();
        entries.forEach(([title, text, kind], index) => {
          let group = list.children[index];
          if (!group) {
            group = document.createElement('div');
            group.append(document.createElement('dt'), document.createElement('dd'));
            list.append(group);
          }
          write(group.children[0], title);
          write(group.children[1], text);
          mark(group.children[1], kind ?? '');
        });
      };
      const data = (name, rows) => {
        const columns = [];
        for (const row of rows)
          for (const column of Object.keys(row))
            if (!columns.includes(column)) columns.push(column);
        headings(name, columns);
        fill(name, rows.map(row => columns.map(column => {
          const value = row[column], text = shown(value);
          const kind = value === null ? 'null' : value instanceof Exact ? 'n' : '';
          return { text: text.length > 400 ? text.slice(0, 400) + '…' : text, kind,
            title: text.length > 40 ? text.slice(0, 2000) : '' };
        })), false);
      };
      const say = (name, text, isFailure = false) => {
        write(get(name), text);
        get(name).classList.toggle('failed', isFailure);
      };

      // MARK: The cluster

      const place = (database, table) =>
        `#/${encodeURIComponent(database)}/${encodeURIComponent(table)}`;
      let state = { tables: [], buckets: [], lake: [], cluster: null, leaders: null };

      const current = () => {
        const parts = location.hash.replace(/^#[/]?/, '').split('/');
        if (parts.length !== 2) return null;
        try {
          const [database, table] = parts.map(decodeURIComponent);
          return { database, table };
        } catch { return null; }
      };
      const isOf = (entry, database, table) => entry.database === database && entry.table === table;
      const inLake = (database, table) =>
        state.lake.find(entry => isOf(entry, database, table));
      const some = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
      const changes = buckets => buckets.some(bucket => bucket.highWatermark === undefined)
        ? '?' : count(buckets.reduce((sum, bucket) => sum + plain(bucket.highWatermark), 0));

      const overview = () => {
        const servers = state.cluster?.servers ?? [];
        const leading = state.leaders?.servers ?? {};
        const orphans = state.buckets.filter(bucket => bucket.leader === null).length;
        const behind = state.lake.reduce((sum, entry) => sum + plain(entry.lag), 0);
        pairs('facts', [
          ['Servers', count(servers.length)], ['Tables', count(state.tables.length)],
          ['Buckets', count(state.buckets.length)],
          ['Without a leader', count(orphans), orphans ? 'bad' : ''],
          ['Changes not in the lake', count(behind)],
        ]);
        const byTable = new Map();
        for (const bucket of state.buckets) {
          const name = JSON.stringify([bucket.database, bucket.table]);
          if (!byTable.has(name)) byTable.set(name, []);
          byTable.get(name).push(bucket);
        }
        fill('tables', state.tables.slice(0, SHOWN).map(table => {
          const buckets = byTable.get(JSON.stringify([table.database, table.table])) ?? [];
          const led = buckets.filter(bucket => bucket.leader !== null).length;
          const synced = buckets.reduce((sum, bucket) => sum + bucket.inSync.length, 0);
          const copies = buckets.reduce((sum, bucket) => sum + bucket.replicas.length, 0);
          const lake = inLake(table.database, table.table);
          return [
            { text: `${table.database}.${table.table}`, link: place(table.database, table.table) },
            { text: table.primaryKey.length ? `key ${table.primaryKey.join(', ')}` : 'log' },
            { text: count(buckets.length), kind: 'n' },
            { text: count(led), kind: led < buckets.length ? 'n bad' : 'n' },
            { text: `${count(synced)} of ${count(copies)}`, kind: 'n' },
            { text: changes(buckets), kind: 'n' },
            { text: lake ? count(plain(lake.lag)) : '—', kind: 'n' },
          ];
        }));
        fill('servers', servers.slice(0, SHOWN).map(server => [
          { text: server.name }, { text: count(plain(leading[server.name] ?? 0)), kind: 'n' },
          { text: count(plain(server.buckets)), kind: 'n' },
          { text: server.incarnation, kind: 'n' },
        ]));
        pairs('services', Object.entries(state.cluster?.services ?? {}));
      };

      const tableState = at => {
        const buckets = state.buckets.filter(bucket => isOf(bucket, at.database, at.table));
        fill('buckets', buckets.slice(0, SHOWN).map(bucket => [
          { text: shown(bucket.bucket) },
          { text: bucket.leader ?? 'nobody', kind: bucket.leader ? '' : 'bad' },
          { text: shown(bucket.leaderEpoch), kind: 'n' }, { text: bucket.inSync.join(', ') },
          { text: bucket.replicas.join(', ') },
          { text: bucket.highWatermark === undefined ? '?' : count(plain(bucket.highWatermark)),
            kind: 'n' },
          { text: bucket.error ?? '' },
        ]));
        const table = state.tables.find(table => isOf(table, at.database, at.table));
        if (!table) {
          fill('columns', []);
          pairs('properties', []);
          return;
        }
        fill('columns', table.columns.map(column => {
          const position = table.primaryKey.indexOf(column.name);
          return [{ text: column.name }, { text: column.type },
            { text: position < 0 ? '' : `key ${position + 1}` }];
        }));
        const lake = inLake(at.database, at.table);
        const late = lake ? plain(lake.lag) : 0;
        pairs('properties', [
          ['Changes', changes(buckets)], ['Replicas', shown(table.replicationFactor)],
          ['In the lake', !lake ? 'no' : late ? `all but ${some(late, 'change', 'changes')}`
            : 'all'],
          ...(lake?.lakeTable ? [['Lake table', lake.lakeTable],
            ['Snapshot', shown(lake.snapshot)]] : []),
        ]);
      };

      const readRows = async () => {
        const at = current();
        if (!at) return;
        get('again').disabled = true;
        say('rows-state', 'reading');
        const path = `/api/v1/databases/${encodeURIComponent(at.database)}/tables/`
          + `${encodeURIComponent(at.table)}/rows?limit=${ROWS}&format=json`;
        try {
          const { value } = await ask(path);
          if (current()?.table !== at.table || current()?.database !== at.database) return;
          data('rows', value);
          say('rows-state', value.length ? some(value.length, 'row', 'rows') : 'no rows');
        } catch (error) {
          data('rows', []);
          say('rows-state', error.message, true);
        } finally { get('again').disabled = false; }
      };

      // A statement to begin with, as long as nobody has written another.
      const suggest = ({ database, table }) => {
        const box = get('query');
        if (box.value && box.value !== box.dataset.suggested) return;
        const name = [database, table].map(part => `"${part.replaceAll('"', '""')}"`).join('.');
        box.value = `SELECT * FROM ${name} LIMIT 20`;
        box.dataset.suggested = box.value;
      };

      let isFirst = true;
      const show = () => {
        const at = current();
        get('overview').hidden = at !== null;
        get('table').hidden = at === null;
        get('facts').hidden = at !== null;
        const title = at ? `${at.database}.${at.table}` : 'Cluster';
        write(get('title'), title);
        document.title = `${title} – Wavetank`;
        if (at) {
          tableState(at);
          data('rows', []);
          readRows();
          suggest(at);
        } else {
          overview();
        }
        if (!isFirst) get('main').focus();
        isFirst = false;
      };

      // MARK: Asking again and again

      const refresh = async () => {
        const begun = performance.now();
        const names = ['cluster', 'tables', 'buckets', 'leaders', 'lake'];
        const answers = await Promise.allSettled(names.map(name => ask(`/api/v1/${name}`)));
        const problems = [];
        answers.forEach((answer, index) => {
          const name = names[index];
          if (answer.status === 'rejected') {
            problems.push(answer.reason.message);
            return;
          }
          const value = answer.value.value;
          if (name === 'cluster') state.cluster = value;
          else if (name === 'leaders') state.leaders = value.leaders;
          else state[name] = value[name === 'lake' ? 'tables' : name];
        });
        const orphans = state.buckets.filter(bucket => bucket.leader === null).length;
        const isWell = problems.length === 0 && orphans === 0;
        mark(get('head'), `masthead v-${problems.length === names.length ? 'fail'
          : isWell ? 'pass' : 'inconclusive'}`);
        write(get('state'), problems.length ? `What is shown is older: ${problems[0]}`
          : orphans ? `${orphans} buckets have no leader` : 'Live: every bucket has a leader');
        const at = current();
        if (at) tableState(at); else overview();
        if (!get('query').value && state.tables.length) suggest(state.tables[0]);
        return performance.now() - begun;
      };
      const follow = async () => {
        let took = 0;
        if (!document.hidden) {
          try { took = await refresh(); } catch (error) { write(get('state'), error.message); }
        }
        setTimeout(follow, Math.max(INTERVAL, took * 3));
      };

      // MARK: SQL

      const run = async event => {
        event.preventDefault();
        const button = get('sql').querySelector('button');
        if (button.disabled) return;
        button.disabled = true;
        say('answer-state', 'running');
        const begun = performance.now();
        try {
          const { value, headers } = await ask('/api/v1/sql?format=json', {
            method: 'POST', headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ query: get('query').value, limit: ANSWERS }),
          });
          data('answer', value);
          const more = headers.get('wavetank-complete') === 'false' ? ', and there are more' : '';
          say('answer-state', `${some(value.length, 'row', 'rows')}${more}, in `
            + `${Math.round(performance.now() - begun)} ms`);
        } catch (error) {
          data('answer', []);
          say('answer-state', error.message, true);
        } finally { button.disabled = false; }
      };
      get('sql').addEventListener('submit', run);
      get('query').addEventListener('keydown', event => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run(event);
      });
      get('again').addEventListener('click', readRows);
      document.querySelector('.skip').addEventListener('click', event => {
        event.preventDefault();
        get('main').focus();
      });
      window.addEventListener('hashchange', show);
      show();
      follow();
    })();

    """
