import { onTestFinished } from 'vitest';
import { OtelDatabase, type OtelServer, type ServeArguments } from '../support/otel-database.js';

/** A server of OTLP/gRPC for the running test, on a database of its own. */
export async function serveGrpc(options: ServeArguments = {}, finished = onTestFinished): Promise<OtelServer> {
  const database = await OtelDatabase.open();
  finished(() => database.close());
  return database.serve({ transport: 'grpc', ...options });
}

/** Long enough that no seal but a flush falls into a test. */
export const NEVER_MS = 3_600_000;
