// The address of the page: all that it shows is said there, so that a link shows it again.

import { useEffect, useState } from 'preact/hooks';

export const ROOT = '/ui';

export interface Place {
  /** Such as `/traces` or `/trace/5b8e…`. */
  readonly path: string;
  readonly params: URLSearchParams;
}

/** Values to set. Those that are undefined or empty are taken away. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** What goes along from page to page. */
const CARRIED = ['range', 'from', 'to'] as const;

const listeners = new Set<() => void>();

export function here(): Place {
  const { pathname, search } = window.location;
  const path = pathname.startsWith(ROOT) ? pathname.slice(ROOT.length) : pathname;
  return { path: path.replace(/\/$/, '') || '/services', params: new URLSearchParams(search) };
}

export function usePlace(): Place {
  const [place, setPlace] = useState(here);
  useEffect(() => {
    const changed = () => setPlace(here());
    listeners.add(changed);
    window.addEventListener('popstate', changed);
    changed();
    return () => {
      listeners.delete(changed);
      window.removeEventListener('popstate', changed);
    };
  }, []);
  return place;
}

/** A link to another page, with the times of this one unless it has others. */
export function linkTo(path: string, changes: Changes = {}): string {
  const params = new URLSearchParams();
  const { params: now } = here();
  const hasTimes = CARRIED.some((name) => changes[name] !== undefined);
  for (const name of CARRIED) if (!hasTimes && now.has(name)) params.set(name, now.get(name)!);
  return address(path, changed(params, changes));
}

export function goTo(href: string): void {
  window.history.pushState(null, '', href);
  tell();
}

/** Sets parameters of this page. What a person would go back from is a new entry of the history. */
export function setParams(changes: Changes, entry: 'new entry' | 'same entry' = 'new entry'): void {
  const { path, params } = here();
  const href = address(path, changed(params, changes));
  if (href === window.location.pathname + window.location.search) return;
  if (entry === 'new entry') window.history.pushState(null, '', href);
  else window.history.replaceState(null, '', href);
  tell();
}

/** Follows links of the pages without loading the document anew. */
export function followLinks(event: MouseEvent): void {
  if (
    event.defaultPrevented ||
    event.button !== 0 ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey
  ) {
    return;
  }
  const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement || node instanceof SVGAElement);
  const target = link?.getAttribute('href');
  if (target === null || target === undefined || !target.startsWith(`${ROOT}/`) || link!.hasAttribute('download'))
    return;
  event.preventDefault();
  goTo(target);
  window.scrollTo(0, 0);
}

function changed(params: URLSearchParams, changes: Changes): URLSearchParams {
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') params.delete(name);
    else params.set(name, value);
  }
  return params;
}

function address(path: string, params: URLSearchParams): string {
  const query = params.toString();
  return `${ROOT}${path}${query === '' ? '' : `?${query}`}`;
}

function tell(): void {
  for (const listener of listeners) listener();
}
