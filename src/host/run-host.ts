// A command line and a process's streams → a shell, a service or a load that has run, and the exit code it came to.

import { messageOf } from '../base/failure.js';
import { runLoad } from '../load/run-load.js';
import { parseCommandLine } from './command-line.js';
import type { Host } from './host.js';
import { loadPlugin } from './load-plugin.js';
import { runService } from './service.js';
import { runShell } from './shell-session.js';

export async function runHost(host: Host): Promise<number> {
  const invocation = parseCommandLine(host.argv, host.environment);
  if (invocation.kind === 'answer') {
    host.stdout.write(invocation.out);
    host.stderr.write(invocation.err);
    return invocation.exitCode;
  }
  try {
    if (invocation.kind === 'load') return await runLoad(invocation, host);
    const plugins = [...host.defaultPlugins];
    for (const module of invocation.plugins) plugins.push(await loadPlugin(module));
    return invocation.kind === 'serve'
      ? await runService(invocation, plugins, host)
      : await runShell(invocation, plugins, host);
  } catch (error) {
    host.stderr.write(`otelduck: ${messageOf(error)}\n`);
    return 1;
  }
}
