// Answers of Tempo's API → texts that are equal when they say the same: in one order, without what servers say of their work.

interface KeyValue {
  readonly key: string;
  readonly value: object;
}

interface Found {
  readonly traceID: string;
  readonly rootServiceName?: string;
  readonly rootTraceName?: string;
  readonly startTimeUnixNano?: string;
  readonly durationMs?: number;
  readonly spanSets?: readonly {
    readonly matched?: number;
    readonly attributes?: readonly KeyValue[];
    readonly spans?: readonly {
      readonly spanID: string;
      readonly durationNanos?: string;
      readonly attributes?: readonly KeyValue[];
    }[];
  }[];
  readonly serviceStats?: object;
}

export async function searchAnswer(answer: Response): Promise<string> {
  if (!answer.ok) return refused(answer);
  const { traces = [] } = (await answer.json()) as { traces?: readonly Found[] };
  return lines(
    traces.map(
      ({ traceID, rootServiceName, rootTraceName, startTimeUnixNano, durationMs, spanSets = [], serviceStats }) => ({
        traceID,
        rootServiceName,
        rootTraceName,
        startTimeUnixNano,
        durationMs,
        serviceStats: Object.entries(serviceStats ?? {}).sort(),
        spanSets: spanSets
          .map(({ matched, attributes, spans = [] }) => ({
            matched,
            attributes: sortedValues(attributes),
            spans: spans
              .map(({ spanID, durationNanos, attributes: values }) => ({
                spanID,
                durationNanos,
                attributes: sortedValues(values),
              }))
              .sort(byText),
          }))
          .sort(byText),
      }),
    ),
  );
}

interface Series {
  readonly labels?: readonly KeyValue[];
  readonly samples?: readonly { readonly timestampMs: string; readonly value?: number }[];
}

export async function metricsAnswer(answer: Response): Promise<string> {
  if (!answer.ok) return refused(answer);
  const { series = [] } = (await answer.json()) as { series?: readonly Series[] };
  return lines(
    series.map(({ labels, samples = [] }) => ({
      labels: sortedValues(labels),
      samples: samples.map(({ timestampMs, value = 0 }) => [timestampMs, Number(Number(value).toPrecision(8))]),
    })),
  );
}

export async function tagsAnswer(answer: Response): Promise<string> {
  if (!answer.ok) return refused(answer);
  const said = (await answer.json()) as {
    tagNames?: readonly string[];
    scopes?: readonly { readonly name: string; readonly tags: readonly string[] }[];
    tagValues?: readonly (string | { readonly type: string; readonly value: string })[];
  };
  const { tagNames = [], scopes = [], tagValues = [] } = said;
  return lines([
    ...tagNames,
    ...scopes.flatMap(({ name, tags }) => tags.map((tag) => `${name} ${tag}`)),
    ...tagValues.map((value) => (typeof value === 'string' ? value : `${value.type} ${value.value}`)),
  ]);
}

async function refused(answer: Response): Promise<string> {
  return `${answer.status} ${(await answer.text()).trim()}`;
}

function sortedValues(values: readonly KeyValue[] = []): readonly KeyValue[] {
  return [...values].sort(byText);
}

function lines(items: readonly unknown[]): string {
  return items
    .map((item) => JSON.stringify(item))
    .sort()
    .join('\n');
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
