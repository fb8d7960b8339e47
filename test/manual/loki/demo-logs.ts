// Log records of every form that lines come in: the same for each time that they begin at.

interface Service {
  readonly resource: Readonly<Record<string, string>>;
  /** Line, severity and attributes of record number i. */
  record(i: number): {
    readonly line: unknown;
    readonly severity?: string;
    readonly number?: number;
    readonly attributes?: object;
  };
}

const methods = ['GET', 'HEAD', 'POST', 'DELETE'];
const statuses = [200, 201, 301, 404, 500, 503];
const pick = <T>(list: readonly T[], i: number): T => list[i % list.length]!;
const text = (value: unknown) => ({ stringValue: String(value) });

const services: readonly Service[] = [
  {
    // What the queries of oteldb's suite look for.
    resource: { 'service.name': 'web', job: 'varlogs', 'host.name': 'h1' },
    record: (i) => ({
      line: JSON.stringify({
        method: pick(methods, i),
        status: pick(statuses, i * 7),
        took: `${(i * 37) % 2000}ms`,
        took_ns: (i * 37_000_003) % 2_000_000_000,
        size: `${(i * 13) % 40}KB`,
        bytes: (i * 977) % 100_000,
        remote_ip: `127.0.0.${i % 12}`,
        path: `/api/v${i % 3}/items/${i}`,
        nested: { user: { id: i % 9, tags: ['a', 'b'] }, ok: i % 2 === 0 },
        'dotted.key': `d${i % 4}`,
      }),
      severity: pick(['INFO', 'WARN', 'ERROR'], i),
      number: pick([9, 13, 17], i),
    }),
  },
  {
    resource: { 'service.name': 'worker', 'k8s.pod.name': 'worker-1', 'deployment.environment': 'prod' },
    record: (i) => ({
      line: `ts=2026-01-01T00:00:${String(i % 60).padStart(2, '0')}Z level=${pick(['info', 'warn', 'error', 'dbg'], i)} msg="job ${i} \\"done\\"" dur=${i * 3}ms size=${i}KiB empty= flag user=u${i % 5}`,
      attributes: { 'http.request.method': text(pick(methods, i)), 'retry.count': { intValue: String(i % 4) } },
    }),
  },
  {
    resource: { 'service.name': 'nginx', 'k8s.pod.name': 'nginx-1' },
    record: (i) => ({
      line: `192.168.${i % 3}.${i % 250} - - [01/Jan/2026:00:00:${String(i % 60).padStart(2, '0')} +0000] "${pick(methods, i)} /static/${i}.css?x=${i} HTTP/1.1" ${pick(statuses, i)} ${i * 11} "-" "curl/8.${i % 9}"`,
    }),
  },
  {
    resource: { 'service.name': 'odd', 'service.version': '1.2' },
    record: (i) =>
      pick(
        [
          { line: '' },
          { line: `\u001b[31mERROR\u001b[0m colour ${i} \u001b[1;32mgreen\u001b[0m` },
          {
            line: `Exception in thread "main" java.lang.Error: boom ${i}\n\tat a.B.c(B.java:${i})\n\tat d.E.f(E.java:2)\nCaused by: timeout`,
          },
          {
            line: `größe ✓ 日本語 ${i} — naïve`,
            attributes: { 'größe.in cm': text('170'), '2xx': text('yes'), _under: text('u') },
          },
          { line: `{"broken": "json ${i}"`, attributes: { level: text('critical') } },
          { line: `{"a":{"b":{"c":${i}}},"list":[1,{"x":2}],"null":null,"t":true,"esc":"q\\"\\u00e9\\n","num":1e3}` },
          { line: i, attributes: { map: { kvlistValue: { values: [{ key: 'in.ner', value: text('m') }] } } } },
          { line: 'x'.repeat(i < 20 ? 1_000_000 : 2000) },
        ],
        i,
      ),
  },
  {
    resource: { 'k8s.container.name': 'nameless', 'telemetry.sdk': 'x' },
    record: (i) => ({ line: `trace: step ${i} took 0.${i}s from 10.1.${i % 4}.7`, severity: 'Notice' }),
  },
];

/** Requests of OTLP/JSON with records a second apart, from `startMs` on. */
export function demoLogs(startMs: number, records = 240): readonly object[] {
  return services.map(({ resource, record }, service) => ({
    resourceLogs: [
      {
        resource: { attributes: Object.entries(resource).map(([key, value]) => ({ key, value: text(value) })) },
        scopeLogs: [
          {
            scope: { name: 'demo', version: '1' },
            logRecords: Array.from({ length: records }, (_, i) => {
              const { line, severity, number, attributes = {} } = record(i);
              const timeUnixNano = `${startMs + i * 5000 + service * 100}000000`;
              return {
                ...(i % 10 === 9 ? { observedTimeUnixNano: timeUnixNano } : { timeUnixNano }),
                body: typeof line === 'number' ? { intValue: String(line) } : text(line),
                ...(severity && { severityText: severity }),
                ...(number && { severityNumber: number }),
                ...(i % 3 === 0 && {
                  traceId: String(i + 1).padStart(32, '0'),
                  spanId: String(i + 1).padStart(16, '0'),
                }),
                attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })),
              };
            }),
          },
        ],
      },
    ],
  }));
}
