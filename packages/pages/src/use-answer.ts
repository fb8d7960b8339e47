import { useEffect, useRef, useState } from 'preact/hooks';
import { RequestError } from './http.js';

export interface Answer<T> {
  /** The last that came, also while the next is on its way. */
  readonly value: T | undefined;
  readonly error: RequestError | undefined;
  readonly isLoading: boolean;
}

/**
 * Asks whenever the key changes, and gives up what was asked before. Nothing is asked without a key.
 */
export function useAnswer<T>(key: string | undefined, load: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ value: undefined, error: undefined, isLoading: key !== undefined });
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (key === undefined) {
      setAnswer({ value: undefined, error: undefined, isLoading: false });
      return;
    }
    const abort = new AbortController();
    setAnswer(({ value, error }) => ({ value, error, isLoading: true }));
    latest.current(abort.signal).then(
      (value) => abort.signal.aborted || setAnswer({ value, error: undefined, isLoading: false }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const shown = error instanceof RequestError ? error : new RequestError(0, String(error));
        setAnswer({ value: undefined, error: shown, isLoading: false });
      },
    );
    return () => abort.abort();
  }, [key]);
  return answer;
}
