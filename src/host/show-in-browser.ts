import { spawn } from 'node:child_process';
import { messageOf } from '../base/failure.js';

/** Commands that show a URL in the user's browser, by platform. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  // The first quotes are the title of a window.
  win32: ['cmd', '/c', 'start', '""'],
};
const OTHER_OPENER = ['xdg-open'];

/** Shows a URL in a browser. Where there is none, `failed` is told, and nothing else happens. */
export function showInBrowser(
  url: string,
  environment: Readonly<Record<string, string | undefined>>,
  failed: (message: string) => void,
): void {
  const [command, ...args] = openers[process.platform] ?? OTHER_OPENER;
  const told = (why: string) => failed(`cannot open a browser: ${why}; the address is ${url}`);
  // It outlives us, and must not write to our terminal.
  const child = spawn(command!, [...args, url], { env: { ...environment }, stdio: 'ignore', detached: true });
  child.once('error', (error) => told(messageOf(error)));
  child.once('exit', (code) => {
    if (code !== 0 && code !== null) told(`${command} ended with ${code}`);
  });
  child.unref();
}
