// The frame of all pages: who may see them, which one it is, and what every one has.

import { type ComponentType, Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { onSignedOut } from './http.js';
import { pressed, useShortcuts } from './keys.js';
import { followLinks, goTo, linkTo, usePlace } from './location.js';
import { NotFound } from './pages/not-found.js';
import { Services } from './pages/services.js';
import { SignIn } from './pages/sign-in.js';
import { Help } from './parts/help.js';
import { Icon } from './parts/icon.js';
import { Empty, Skeleton } from './parts/states.js';
import { TimePicker } from './parts/time-picker.js';
import { type Access, askAccess, signOut } from './session.js';
import { seenTheme, toggleTheme, useTheme } from './theme.js';
import { refreshNow } from './time-range.js';

export interface PageProps {
  /** What stands in the path behind the name of the page. */
  readonly item: string;
}

interface Page {
  readonly name: string;
  readonly title: string;
  /** The second key, after `g`. */
  readonly key: string;
  readonly load: () => Promise<ComponentType<PageProps>>;
}

const pages: readonly Page[] = [
  { name: 'services', title: 'Services', key: 's', load: async () => Services },
  { name: 'traces', title: 'Traces', key: 't', load: async () => (await import('./pages/traces.js')).Traces },
  { name: 'logs', title: 'Logs', key: 'l', load: async () => (await import('./pages/logs.js')).Logs },
  { name: 'metrics', title: 'Metrics', key: 'm', load: async () => (await import('./pages/metrics.js')).Metrics },
  { name: 'map', title: 'Map', key: 'p', load: async () => (await import('./pages/map.js')).ServiceMap },
  { name: 'sql', title: 'SQL', key: 'q', load: async () => (await import('./pages/sql.js')).Sql },
  { name: 'ingest', title: 'Ingest', key: 'i', load: async () => (await import('./pages/ingest.js')).Ingest },
];
/** Pages that are reached from others. */
const innerPages: Readonly<Record<string, { readonly of: string; readonly load: Page['load'] }>> = {
  service: { of: 'services', load: async () => (await import('./pages/service.js')).Service },
  trace: { of: 'traces', load: async () => (await import('./pages/trace.js')).Trace },
};

export function App() {
  const [access, setAccess] = useState<Access | 'asking' | 'no answer'>('asking');
  const ask = () => {
    askAccess().then(setAccess, () => setAccess('no answer'));
  };
  useEffect(() => {
    onSignedOut(() => setAccess('signed out'));
    ask();
  }, []);
  switch (access) {
    case 'signed in':
      return <Frame signedOut={() => setAccess('signed out')} />;
    case 'open':
      return <Frame signedOut={undefined} />;
    case 'signed out':
      return <SignIn done={() => setAccess('signed in')} />;
    case 'no answer':
      return (
        <main class="lone">
          <Empty title="The server does not answer">
            <button type="button" class="button" onClick={ask}>
              Try again
            </button>
          </Empty>
        </main>
      );
    case 'asking':
      return <Fragment />;
  }
}

function Frame({ signedOut }: { readonly signedOut: (() => void) | undefined }) {
  const { path } = usePlace();
  const [, name = '', item = ''] = path.split('/');
  const inner = innerPages[name];
  const current = pages.find((page) => page.name === (inner?.of ?? name));
  const [isHelping, setHelping] = useState(false);
  const theme = useTheme();
  useShortcuts('Everywhere', [
    { keys: '?', does: 'Show keys', run: () => setHelping(true) },
    { keys: 'r', does: 'Refresh', run: refreshNow },
    { keys: 'd', does: 'Dark or light', run: toggleTheme },
    ...pages.map((page) => ({
      keys: `g ${page.key}`,
      does: `Go to ${page.title}`,
      run: () => goTo(linkTo(`/${page.name}`)),
    })),
  ]);
  useEffect(() => {
    document.addEventListener('keydown', pressed);
    document.addEventListener('click', followLinks);
    return () => {
      document.removeEventListener('keydown', pressed);
      document.removeEventListener('click', followLinks);
    };
  }, []);
  useEffect(() => {
    document.title = current === undefined ? 'otelduck' : `${current.title} · otelduck`;
    document.querySelector('.nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  const leave = async () => {
    await signOut();
    signedOut?.();
  };
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <header class="top">
        <a class="brand" href={linkTo('/services')} aria-label="otelduck: services">
          <span class="brand-mark" aria-hidden="true" />
          <span class="brand-name">otelduck</span>
        </a>
        <nav class="nav" aria-label="Pages">
          {pages.map((page) => (
            <a key={page.name} href={linkTo(`/${page.name}`)} aria-current={page === current ? 'page' : undefined}>
              {page.title}
            </a>
          ))}
        </nav>
        <div class="top-tools">
          <TimePicker />
          <button
            type="button"
            class="button is-square is-bare"
            aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'}
            title="Dark or light (d)"
            onClick={toggleTheme}
          >
            <Icon name={seenTheme() === 'dark' ? 'sun' : 'moon'} />
          </button>
          <button
            type="button"
            class="button is-square is-bare"
            aria-label="Keys"
            title="Keys (?)"
            onClick={() => setHelping(true)}
          >
            <Icon name="help" />
          </button>
          {signedOut !== undefined && (
            <button
              type="button"
              class="button is-square is-bare"
              aria-label="Sign out"
              title="Sign out"
              onClick={leave}
            >
              <Icon name="exit" />
            </button>
          )}
        </div>
      </header>
      <main id="main" class="main" tabIndex={-1}>
        <Loaded key={`${name}/${item}`} load={inner?.load ?? current?.load} item={safeDecoded(item)} />
      </main>
      {isHelping && <Help close={() => setHelping(false)} />}
    </>
  );
}

function Loaded({ load, item }: { readonly load: Page['load'] | undefined; readonly item: string }) {
  const [Shown, setShown] = useState<{ page: ComponentType<PageProps> }>();
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    load?.().then(
      (page) => setShown({ page }),
      () => setFailed(true),
    );
  }, [load]);
  if (load === undefined) return <NotFound />;
  if (hasFailed) {
    return (
      <Empty title="This page could not be loaded">
        <button type="button" class="button" onClick={() => window.location.reload()}>
          Load it again
        </button>
      </Empty>
    );
  }
  return Shown === undefined ? <Skeleton lines={8} /> : <Shown.page item={item} />;
}

function safeDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
