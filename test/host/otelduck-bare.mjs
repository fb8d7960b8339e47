// The command without its default plugin, so that what it shows is the host's alone.
import { boundExit } from '../../dist/host/last-resort.js';
import { runHost } from '../../dist/host/run-host.js';
import { otlpService } from '../../dist/otlp-service.js';

const exitCode = await runHost({
  argv: process.argv.slice(2),
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  defaultPlugins: [],
  service: otlpService,
});
await boundExit();
process.exit(exitCode);
