// Command line and streams → runs a shell, a service or a load, and returns its exit code.

import { messageOf } from '../base/failure.js';
import { parseCommandLine } from './command-line.js';
import { addEnvironmentFile } from './environment-file.js';
import type { Host } from './host.js';
import { loadPlugin } from './load-plugin.js';

export async function runHost(host: Host): Promise<number> {
  try {
    let environmentFile: string | undefined;
    const invocation = parseCommandLine(host.argv, host.environment, host.service, () => {
      environmentFile = addEnvironmentFile(host.environment);
      return host.environment;
    });
    if (invocation.kind === 'answer') {
      host.stdout.write(invocation.out);
      host.stderr.write(invocation.err);
      return invocation.exitCode;
    }
    // Each is loaded only if it runs.
    if (invocation.kind === 'load') return await (await import('../load/run-load.js')).runLoad(invocation, host);
    const plugins = [...host.defaultPlugins];
    for (const module of invocation.plugins) plugins.push(await loadPlugin(module));
    if (invocation.kind === 'mcp') return await (await import('./agents.js')).runAgents(invocation, plugins, host);
    if (invocation.kind === 'dev') return await (await import('./dev.js')).runDev(invocation, plugins, host);
    return invocation.kind === 'serve'
      ? await (await import('./service.js')).runService(invocation, plugins, host, environmentFile)
      : await (await import('./shell-session.js')).runShell(invocation, plugins, host);
  } catch (error) {
    host.stderr.write(`otelduck: ${messageOf(error)}\n`);
    return 1;
  }
}
