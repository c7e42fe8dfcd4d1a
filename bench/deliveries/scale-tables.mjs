// The tables of `--only scale`.
import { figure, median, noise, ratio, table } from '../client/report.mjs';

export function scaleText(cells, settings) {
  return `PostgreSQL: ${settings}. The server, the processes and the sender share the cores. The sender has 50
requests in flight, and answers the calls of deliveries. pgbench inserts rows of 1 KB with as many connections as the
processes have. CPU is that of all processes, and that of the server with its sessions.

${webhookTable('webhooks of known orders', cells, 'webhooks')}

${webhookTable('webhooks of unknown orders', cells, 'unmatched')}

${deliveryTable(cells)}`;
}

/** Each of these webhooks changes its delivery, or waits for its order. */
function webhookTable(title, cells, kind) {
  const rows = cells.map((cell) => {
    const of = (name) => cell[kind].map((figures) => figures[name]);
    const perSecond = of('perSecond');
    return [
      `${cell.stored} stored, ${cell.hosts} processes`,
      figure(median(perSecond)),
      noise(perSecond),
      cell.commits.every((commits) => commits > 0) ? figure(ratio(perSecond, cell.commits)) : '',
      ...['p50', 'p99', 'hostMs', 'serverMs', 'loadMs', 'walKb'].map((name) => figure(median(of(name)))),
    ];
  });
  const columns = ['× pgbench', 'p50 ms', 'p99 ms', 'CPU ms each', 'server', 'sender', 'WAL kB each'];
  return table([title, 'a second', 'min–max', ...columns], rows);
}

function deliveryTable(cells) {
  const rows = cells.map((cell) => {
    const of = (name) => cell.deliveries.map((figures) => figures[name]);
    const isMeasured = cell.commits.every((commits) => commits > 0);
    return [
      `${cell.stored} stored, ${cell.hosts} processes`,
      figure(median(of('perSecond'))),
      noise(of('perSecond')),
      ...['hostMs', 'serverMs', 'loadMs', 'walKb'].map((name) => figure(median(of(name)))),
      isMeasured ? figure(median(cell.commits)) : '',
      isMeasured ? noise(cell.commits) : '',
      figure(cell.delivery.events),
      figure(cell.delivery.kb),
      figure(cell.bytes / 1e6),
    ];
  });
  const columns = [
    'CPU ms each',
    'server',
    'sender',
    'WAL kB each',
    'pgbench commits a second',
    'min–max',
    'events each',
    'kB each',
    'tables MB',
  ];
  return table(['deliveries from booked to completed', 'a second', 'min–max', ...columns], rows);
}
