// Pages in the browser: their files, sessions in place of tokens, and the questions that no other API answers.

import { Failure } from '../../../base/failure.js';
import type { TableHome } from '../../../catalog/table-home.js';
import { credentialsOf } from '../../../server/identity/credentials.js';
import type { ReadAuthorization } from '../../../server/identity/read-authorization.js';
import { checkSameOrigin, type Sessions } from '../../../server/identity/sessions.js';
import type { ReadAnswer, ReadApi, ReadRequest, ReadRoute } from '../../../server/read/read-api.js';
import { RequestValues } from '../../../server/read/request-values.js';
import type { QueryRunner } from '../../run/query-runner.js';
import { BuiltFiles, securityHeaders } from './built-files.js';
import { type AskedTimes, type PageQuestionName, type PageRequest, pageQuestions } from './page-questions.js';

const PREFIX = '/ui';
const FIRST_PAGE = `${PREFIX}/services`;
/** Sessions keep them. Far longer than tokens are. */
const MAX_TOKEN_BYTES = 1024;
const DEFAULT_BUCKETS = 40;
const DEFAULT_WINDOW_MS = 60 * 60 * 1000;

/** What the API answers from. */
export interface PagesParts {
  readonly runner: QueryRunner;
  readonly home: TableHome;
  readonly options: { readonly query_timeout_ms: number; readonly max_samples: number };
  readonly authorization: ReadAuthorization;
  readonly sessions: Sessions;
}

export function pagesApi(parts: PagesParts): ReadApi {
  const files = new BuiltFiles();
  const toPages: ReadRoute['handle'] = () => ({ status: 302, headers: { location: FIRST_PAGE } });
  const document: ReadRoute['handle'] = (request) => files.document(request);
  const read = (path: string, permission: ReadRoute['permission'], handle: ReadRoute['handle']): ReadRoute => {
    return { method: 'GET', path, permission, handle };
  };
  return {
    routes: [
      read('/', 'public', toPages),
      read(PREFIX, 'public', toPages),
      // The same document for all pages: its script reads the path.
      read(`${PREFIX}/:page`, 'public', document),
      read(`${PREFIX}/:page/:item`, 'public', document),
      read(`${PREFIX}/assets/:name`, 'public', (request) => files.asset(request.pathValues['name']!, request)),
      read(`${PREFIX}/api/:name`, 'public', ({ path }) => {
        throw new Failure('notFound', `there is nothing at ${path}`);
      }),
      read(`${PREFIX}/session`, 'read', (request) => sessionOf(parts, request)),
      { method: 'POST', path: `${PREFIX}/session`, permission: 'public', handle: (request) => signIn(parts, request) },
      {
        method: 'DELETE',
        path: `${PREFIX}/session`,
        permission: 'public',
        handle: (request) => signOut(parts, request),
      },
      ...Object.keys(pageQuestions).map((name) =>
        read(`${PREFIX}/api/${name}`, 'read', (request) => answer(parts, name as PageQuestionName, request)),
      ),
    ],
  };
}

/** What the request may do, and whether by a session: where no token is asked for, nobody needs to sign out. */
function sessionOf({ sessions }: PagesParts, request: ReadRequest): ReadAnswer {
  const isSession = sessions.authorizationOf(request) !== undefined;
  return json(200, { permissions: [...request.principal.permissions], isSession });
}

function signIn({ authorization, sessions }: PagesParts, request: ReadRequest): ReadAnswer {
  checkSameOrigin(request.headers);
  // Bytes as Node reads them from a header: no two texts are then the same token.
  const header = `Bearer ${Buffer.from(tokenIn(request)).toString('latin1')}`;
  const { permissions } = authorization.check({ ...credentialsOf(request.headers), authorization: header }, 'read');
  // Where everybody may read, a session would stand for nothing, and clients without a token would fill the memory with them.
  const isNothing = authorization.isOpen && !permissions.has('admin');
  const cookie = isNothing ? {} : { 'set-cookie': sessions.open(request, header) };
  return json(200, { permissions: [...permissions] }, cookie);
}

function signOut({ sessions }: PagesParts, request: ReadRequest): ReadAnswer {
  checkSameOrigin(request.headers);
  return json(200, {}, { 'set-cookie': sessions.close(request) });
}

function tokenIn({ body }: ReadRequest): string {
  let sent: unknown;
  try {
    sent = JSON.parse(body.toString());
  } catch (error) {
    throw new Failure('malformed', 'the body must be JSON: {"token": "…"}', { cause: error });
  }
  const token = (sent as { token?: unknown } | null)?.token;
  if (typeof token !== 'string') {
    throw new Failure('malformed', `token must be a text, got ${JSON.stringify(token) ?? 'none'}`);
  }
  const bytes = Buffer.byteLength(token);
  if (bytes <= MAX_TOKEN_BYTES) return token.trim();
  throw new Failure('malformed', `token must have at most ${MAX_TOKEN_BYTES} bytes, got ${bytes}`);
}

async function answer(
  { runner, home, options }: PagesParts,
  name: PageQuestionName,
  { query, client, principal, signal }: ReadRequest,
): Promise<ReadAnswer> {
  const isOperator = principal.tenant === undefined || principal.permissions.has('admin');
  if (!isOperator && pageQuestions[name].audience === 'operators') {
    throw new Failure('forbidden', 'with tenants, this takes the admin token: it sees the rows of all');
  }
  const body = await runner.run({
    engine: 'pages',
    kind: `page ${name}`,
    text: query.toString(),
    client,
    principal,
    home,
    limits: { maxSamples: options.max_samples, timeoutMs: options.query_timeout_ms },
    request: { name, asked: askedTimes(new RequestValues([query]), Date.now()) } satisfies PageRequest,
    signal,
  });
  return { headers: privateHeaders, type: 'application/json', body: body as string };
}

/** Times are Unix milliseconds. */
function askedTimes(values: RequestValues, nowMs: number): AskedTimes {
  const endMs = wholeNumber(values, 'end', nowMs);
  const startMs = wholeNumber(values, 'start', endMs - DEFAULT_WINDOW_MS);
  const buckets = wholeNumber(values, 'buckets', DEFAULT_BUCKETS);
  if (endMs <= startMs) throw new Failure('malformed', `end must be after start, got ${endMs} and ${startMs}`);
  if (buckets < 1) throw new Failure('malformed', `buckets must be greater than zero, got ${buckets}`);
  return { startMs, endMs, buckets, service: values.text('service') };
}

function wholeNumber(values: RequestValues, name: string, byDefault: number): number {
  const text = values.text(name);
  if (text === '') return byDefault;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Failure('malformed', `${name} must be a whole number, got '${text}'`);
}

/** Telemetry is nobody else's: not a cache's, and not another page's. */
const privateHeaders = { ...securityHeaders, 'cache-control': 'no-store' };

function json(status: number, value: unknown, headers: ReadAnswer['headers'] = {}): ReadAnswer {
  return { status, headers: { ...privateHeaders, ...headers }, type: 'application/json', body: JSON.stringify(value) };
}
