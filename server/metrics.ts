// Counters of the HTTP edge, and all metrics as Prometheus text.
import { getHeapStatistics } from 'node:v8';
import type { Metric } from '../engine/facade.ts';

export class HttpMetrics {
  readonly #requests = new Map<string, number>();
  connections = 0;
  running = 0;
  bytesOut = 0;

  /** @param route the route's name, never the path as sent: the number of series is bounded */
  count(route: string, status: number): void {
    const key = `${route}",status="${status}`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
  }

  text(engine: readonly Metric[]): string {
    const lines: string[] = [];
    lines.push('# HELP colonnade_http_requests_total Answered requests by route and status.');
    lines.push('# TYPE colonnade_http_requests_total counter');
    for (const [key, n] of [...this.#requests].sort()) {
      lines.push(`colonnade_http_requests_total{route="${key}"} ${n}`);
    }
    const resident = engine.find(({ name }) => name === 'colonnade_memory_resident')?.value ?? 0;
    const own: Metric[] = [
      gauge('http_connections', this.connections, 'Open HTTP connections.'),
      gauge('http_requests_running', this.running, 'Requests that are being answered.'),
      {
        name: 'http_response_bytes_total',
        value: this.bytesOut,
        help: 'Bytes of result bodies sent.',
        type: 'counter',
      },
      gauge('process_resident_bytes', resident, 'Resident memory of the process.'),
      gauge('process_heap_bytes', getHeapStatistics().used_heap_size, 'JavaScript heap in use.'),
      gauge('process_uptime_seconds', Math.round(process.uptime()), 'Age of the process.'),
    ];
    for (const m of [...own, ...engine]) {
      const name = `colonnade_${m.name.replace(/^colonnade_/, '').replace(/[^a-zA-Z0-9_]/g, '_')}`;
      lines.push(`# HELP ${name} ${m.help.replace(/[\\\n]/g, ' ')}`);
      lines.push(`# TYPE ${name} ${m.type}`);
      lines.push(`${name} ${Number.isFinite(m.value) ? m.value : 0}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

const gauge = (name: string, value: number, help: string): Metric => ({
  name,
  value,
  help,
  type: 'gauge',
});
