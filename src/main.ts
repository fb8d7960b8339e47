import { letHeapGrow } from './host/heap-growth.js';
import { boundExit } from './host/last-resort.js';
import { runHost } from './host/run-host.js';
import { otlp } from './otlp.js';

letHeapGrow();
const exitCode = await runHost({
  argv: process.argv.slice(2),
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  defaultPlugins: [otlp],
  service: otlp.service,
});
await boundExit();
process.exit(exitCode);
