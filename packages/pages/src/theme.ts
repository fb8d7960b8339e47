import { useEffect, useState } from 'preact/hooks';

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'otelduck-theme';
const listeners = new Set<() => void>();
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');

export function chosenTheme(): Theme {
  const kept = window.localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

/** From what is seen to the other one; what the system prefers is not kept. */
export function toggleTheme(): void {
  const next = seenTheme() === 'dark' ? 'light' : 'dark';
  if ((next === 'dark') === prefersDark.matches) window.localStorage.removeItem(KEY);
  else window.localStorage.setItem(KEY, next);
  applyTheme();
}

export function applyTheme(): void {
  const theme = chosenTheme();
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  for (const listener of listeners) listener();
}

export function seenTheme(): 'light' | 'dark' {
  const theme = chosenTheme();
  return theme === 'auto' ? (prefersDark.matches ? 'dark' : 'light') : theme;
}

/** What is seen, for what draws on a canvas. */
export function useTheme(): 'light' | 'dark' {
  const [theme, setTheme] = useState(seenTheme);
  useEffect(() => {
    const changed = () => setTheme(seenTheme());
    listeners.add(changed);
    prefersDark.addEventListener('change', changed);
    return () => {
      listeners.delete(changed);
      prefersDark.removeEventListener('change', changed);
    };
  }, []);
  return theme;
}
