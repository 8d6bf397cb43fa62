/// What the page does under a pointer or the arrow keys: a line through all lanes and charts, and
/// the values at that moment in the legends. Without it the page says the same, only stiller.
///
/// It reads the drawn lines themselves, so the page carries no figure twice.
let pageScript = """
    (() => {
      const scores = [...document.querySelectorAll('.score')];
      const charts = [...document.querySelectorAll('.chart svg[data-upper]')].map(svg => ({
        legend: svg.closest('.chart').querySelector('table.key'),
        lower: +svg.dataset.lower, upper: +svg.dataset.upper,
        log: svg.dataset.log === '1', unit: svg.dataset.unit,
        lines: [...svg.querySelectorAll('path.line')].map(path =>
          (path.getAttribute('d').match(/[-\\d.]+ [-\\d]+/g) || [])
            .map(pair => pair.split(' ').map(Number)))
      }));
      const maps = [...document.querySelectorAll('.heat svg[data-cells]')].map(svg => ({
        legend: svg.closest('.heat').querySelector('table.key'),
        column: +svg.dataset.column, edges: svg.dataset.edges.split(' ').map(Number),
        cells: svg.dataset.cells.split(',').map(cell => cell.split(' ').map(Number))
      }));
      const short = value => {
        const size = Math.abs(value);
        const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
        return String(+value.toFixed(digits));
      };
      const scaled = (value, step, names) => {
        let index = 0;
        while (Math.abs(value) >= step && index < names.length - 1) { value /= step; index++; }
        return short(value) + names[index];
      };
      const text = (value, unit) => {
        if (unit.startsWith('bytes'))
          return scaled(value, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB'])
            + (unit === 'bytes' ? '' : '/s');
        if (unit === 'seconds')
          return value >= 1 ? short(value) + ' s' : value >= .001 ? short(value * 1e3) + ' ms'
            : short(value * 1e6) + ' µs';
        return scaled(value, 1000, ['', ' k', ' M', ' G']) + (unit === 'perSecond' ? '/s' : '');
      };
      const clock = seconds => {
        const whole = Math.floor(seconds), two = number => String(number).padStart(2, '0');
        const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
        const tenth = Math.floor(seconds * 10) % 10;
        return (hours ? hours + ':' + two(minutes) : minutes) + ':' + two(whole % 60) + '.' + tenth;
      };
      const nearest = (line, x) => {
        let low = 0, high = line.length - 1;
        if (high < 0) return null;
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (line[middle][0] < x) low = middle; else high = middle;
        }
        const isLow = Math.abs(line[low][0] - x) <= Math.abs(line[high][0] - x);
        const best = line[isLow ? low : high];
        return Math.abs(best[0] - x) <= 8 ? best : null;
      };
      const value = (chart, y) => {
        const share = 1 - y / 1000;
        return chart.log ? 2 ** (chart.lower + share * (chart.upper - chart.lower))
          : chart.lower + share * (chart.upper - chart.lower);
      };
      // What a column of a map has: changes, and within what time half, 99 % and all were done.
      const spread = (map, at, length) => {
        const column = Math.floor(at * length / map.column);
        const cells = map.cells.filter(cell => cell[0] === column);
        const count = cells.reduce((sum, cell) => sum + cell[2], 0);
        if (count === 0) return ['0', '—', '—', '—'];
        return [short(count)].concat([.5, .99, 1].map(part => {
          let seen = 0;
          const cell = cells.find(cell => (seen += cell[2]) >= count * part);
          return text(map.edges[cell[1] + 1], 'seconds');
        }));
      };
      let share = null;
      const show = at => {
        share = at;
        for (const score of scores) {
          score.querySelector('.cursor')?.remove();
          if (at === null) continue;
          const track = score.querySelector('.track').getBoundingClientRect();
          const cursor = document.createElement('div');
          cursor.className = 'cursor';
          const left = track.left - score.getBoundingClientRect().left;
          cursor.style.left = left + at * track.width + 'px';
          const label = document.createElement('span');
          label.textContent = clock(at * +score.dataset.length);
          if (at > .9) label.className = 'left';
          cursor.append(label);
          score.append(cursor);
        }
        for (const map of maps) {
          map.legend.classList.toggle('live', at !== null);
          if (at === null) continue;
          const texts = spread(map, at, +scores[0].dataset.length);
          [...map.legend.tBodies[0].rows].forEach((row, index) => {
            row.lastElementChild.textContent = texts[index];
          });
        }
        for (const chart of charts) {
          chart.legend.classList.toggle('live', at !== null);
          if (at === null) continue;
          [...chart.legend.tBodies[0].rows].forEach((row, index) => {
            const point = nearest(chart.lines[index] || [], at * 1000);
            row.lastElementChild.textContent =
              point ? text(value(chart, point[1]), chart.unit) : '—';
          });
        }
      };
      for (const score of scores) {
        const move = event => {
          const track = score.querySelector('.track').getBoundingClientRect();
          const at = (event.clientX - track.left) / track.width;
          show(at >= 0 && at <= 1 ? at : null);
        };
        score.addEventListener('pointermove', move);
        score.addEventListener('pointerdown', move);
        score.addEventListener('pointerleave', () => show(null));
        score.addEventListener('blur', () => show(null));
        score.addEventListener('keydown', event => {
          const step = { ArrowLeft: -.01, ArrowRight: .01, Home: -1, End: 1 }[event.key];
          if (event.key === 'Escape') show(null);
          if (!step) return;
          event.preventDefault();
          show(Math.min(1, Math.max(0, (share ?? 0) + step * (event.shiftKey ? 5 : 1))));
        });
      }
    })();

    """
