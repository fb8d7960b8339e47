// Keys for those who do not reach for the mouse. Typing in a field is typing.

import { useEffect, useRef } from 'preact/hooks';

export interface Shortcut {
  /** A key as the browser names it, or two that are pressed after one another, such as `g t`. */
  readonly keys: string;
  readonly does: string;
  run(event: KeyboardEvent): void;
}

/** How long the second key may take. */
const SEQUENCE_MS = 1000;

/** All that are in force, those of the page after those of all pages. */
const groups: { readonly title: string; readonly shortcuts: () => readonly Shortcut[] }[] = [];
let first: { readonly key: string; readonly atMs: number } | undefined;

export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    const group = { title, shortcuts: () => latest.current };
    groups.push(group);
    return () => {
      groups.splice(groups.indexOf(group), 1);
    };
  }, [title]);
}

export function shortcutsInForce(): readonly { readonly title: string; readonly shortcuts: readonly Shortcut[] }[] {
  return groups.map(({ title, shortcuts }) => ({ title, shortcuts: shortcuts() }));
}

export function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isTyping(event)) return;
  const before = first !== undefined && event.timeStamp - first.atMs < SEQUENCE_MS ? `${first.key} ` : '';
  first = { key: event.key, atMs: event.timeStamp };
  const all = [...groups].reverse().flatMap(({ shortcuts }) => shortcuts());
  const found =
    all.find(({ keys }) => before !== '' && keys === before + event.key) ?? all.find(({ keys }) => keys === event.key);
  if (found === undefined) return;
  first = undefined;
  event.preventDefault();
  found.run(event);
}

function isTyping(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
