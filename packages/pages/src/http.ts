// Requests to the server that gave out the page, and nowhere else.

/** What went wrong, in the server's words. */
export class RequestError extends Error {
  /** 0 where there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
  }
}

export type Query = Readonly<Record<string, string | number | undefined>>;

/** Called when the server asks who is there. */
let signedOut = () => {};
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

export async function getJson<T>(path: string, query: Query, signal: AbortSignal): Promise<T> {
  return askJson<T>(withQuery(path, query), { signal });
}

/** For queries that may be longer than addresses. */
export async function postForm<T>(path: string, query: Query, signal: AbortSignal): Promise<T> {
  return askJson<T>(path, { method: 'POST', body: searchOf(query), signal });
}

export async function askJson<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } }).catch(
    (error: unknown) => {
      if (init.signal?.aborted) throw error;
      throw new RequestError(0, 'the server does not answer; is it running?');
    },
  );
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as T;
  if (response.status === 401 && init.method !== 'POST') signedOut();
  throw new RequestError(response.status, reasonIn(text) || `${response.status} ${response.statusText}`);
}

export function withQuery(path: string, query: Query): string {
  const search = searchOf(query).toString();
  return search === '' ? path : `${path}?${search}`;
}

function searchOf(query: Query): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search;
}

/** Each API has words of its own. */
function reasonIn(text: string): string {
  try {
    const { error, message } = JSON.parse(text) as { error?: string; message?: string };
    return message ?? error ?? text;
  } catch {
    return text.trim();
  }
}
