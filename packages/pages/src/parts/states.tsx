// What stands where there is no answer: yet, at all, or because something went wrong.

import type { ComponentChildren } from 'preact';
import type { RequestError } from '../http.js';
import { refreshNow } from '../time-range.js';
import type { Answer } from '../use-answer.js';

export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {children !== undefined && <div class="state-text">{children}</div>}
    </div>
  );
}

export function Problem({ error }: { readonly error: RequestError }) {
  const isQuery = error.status >= 400 && error.status < 500;
  return (
    <div class="state state-problem" role="alert">
      <p class="state-title">{isQuery ? 'This cannot be answered' : 'Something went wrong'}</p>
      <pre class="state-reason">{error.message}</pre>
      {!isQuery && (
        <button type="button" class="button" onClick={refreshNow}>
          Try again
        </button>
      )}
    </div>
  );
}

/** The answer, or what stands in its place. An older answer stays until the next one is there. */
export function Answered<T>({
  answer,
  lines = 8,
  children,
}: {
  readonly answer: Answer<T>;
  /** How much room to keep while nothing is there. */
  readonly lines?: number;
  readonly children: (value: T) => ComponentChildren;
}) {
  if (answer.error !== undefined) return <Problem error={answer.error} />;
  if (answer.value === undefined) return <Skeleton lines={lines} />;
  return <div class={answer.isLoading ? 'answer is-stale' : 'answer'}>{children(answer.value)}</div>;
}

export function Skeleton({ lines }: { readonly lines: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} class="skeleton-line" />
      ))}
    </div>
  );
}
