// Programs of the OpenTelemetry project, built with Go the first time, which takes minutes; and what it takes to run them.

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const OCB = 'go.opentelemetry.io/collector/cmd/builder@v0.164.0';
const TELEMETRYGEN = 'github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@v0.161.0';

const cache = process.env.OTELDUCK_COLLECTOR_CACHE ?? join(tmpdir(), 'otelduck-collector');
const bin = join(cache, 'bin');

export const telemetrygen = installed('telemetrygen', TELEMETRYGEN);
const ocb = installed('builder', OCB);

const STARTED_WITHIN_MS = 20_000;
const STOPPED_WITHIN_MS = 60_000;

/** What was built, for a report. */
export const versions = [OCB, TELEMETRYGEN].map((module) => module.split('/').at(-1));

export function finished(program, args, withinMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'pipe'], timeout: withinMs });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        printed += text;
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0 && !/\t(error|fatal)\t/i.test(printed)) resolve();
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${printed}`));
    });
  });
}

function installed(name, module) {
  const binary = join(bin, name);
  if (!existsSync(binary)) {
    console.log(`go install ${module}`);
    mkdirSync(bin, { recursive: true });
    execFileSync('go', ['install', module], {
      env: { ...process.env, GOBIN: bin, GOFLAGS: '-mod=mod' },
      stdio: 'inherit',
    });
  }
  return binary;
}

/** Builds a Collector with more parts than builder.yaml names, by kind. Undefined when that cannot be done. */
export function collectorBinary(name, more) {
  const parts = readFileSync(new URL('builder.yaml', import.meta.url), 'utf8').replace(
    /^(\w+):\n(?= {2}- )/gm,
    (line, kind) => line + (more[kind] ?? []).map((module) => `  - gomod: ${module}\n`).join(''),
  );
  const folder = `${name}-${createHash('sha256').update(parts).digest('hex').slice(0, 8)}`;
  const output = join(cache, folder);
  const binary = join(output, 'otelcol');
  if (existsSync(binary)) return binary;
  console.log(`ocb, in ${output}`);
  mkdirSync(output, { recursive: true });
  const config = parts.replace(/^dist:\n/m, `dist:\n  output_path: ${output}\n`);
  const configFile = join(cache, `${folder}.yaml`);
  writeFileSync(configFile, config);
  try {
    execFileSync(ocb, ['--config', configFile, '--ldflags', '-s -w'], {
      env: { ...process.env, GOFLAGS: '-mod=mod' },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    return binary;
  } catch (error) {
    console.log(
      `ocb failed: ${String(error.stderr ?? error)
        .trim()
        .split('\n')
        .slice(-3)
        .join('\n')}`,
    );
    return undefined;
  }
}

/**
 * Resolves once the Collector listens. `configFor` makes its configuration for a port. `stop` lets it send what it has, and gives its
 * warnings.
 */
export async function startCollector(binary, configFor, { args = [], env = {} } = {}) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-interop-'));
  const configFile = join(folder, 'config.yaml');
  // YAML takes JSON.
  writeFileSync(configFile, JSON.stringify(configFor(port)));
  const child = spawn(binary, ['--config', `file:${configFile}`, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints += text;
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS);
    await exited;
    clearTimeout(kill);
    rmSync(folder, { recursive: true, force: true });
    return complaints.trim();
  };
  for (const endMs = performance.now() + STARTED_WITHIN_MS; !(await isListening(port)); await pause(50)) {
    if (child.exitCode === null && performance.now() < endMs) continue;
    throw new Error(`the Collector did not start: ${await stop()}`);
  }
  return { port, stop };
}

export function portOf(url) {
  return Number(url.split(':').at(-1));
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
