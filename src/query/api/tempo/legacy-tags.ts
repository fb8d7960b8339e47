// The older way to search, `tags=service.name=cart error=true&minDuration=1s`, as TraceQL.

import { Failure } from '../../../base/failure.js';

const PAIR = /\s*([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?(?=\s|$)/y;

/** Names of these searches that are no attributes. */
const known: Readonly<Record<string, string>> = {
  name: 'name',
  'root.name': 'rootName',
  'root.service.name': 'rootServiceName',
  'status.code': 'status',
  status: 'status',
};
const STATUSES = new Set(['ok', 'error', 'unset']);

export function searchOfTags(
  tags: string,
  minDurationNs: number | undefined,
  maxDurationNs: number | undefined,
): string {
  if (minDurationNs !== undefined && maxDurationNs !== undefined && minDurationNs > maxDurationNs) {
    throw new Failure('malformed', 'invalid maxDuration: must be greater than minDuration');
  }
  const conditions = [...pairs(tags)].map(([name, value]) => condition(name, value));
  if (minDurationNs !== undefined) conditions.push(`traceDuration >= ${minDurationNs}ns`);
  if (maxDurationNs !== undefined) conditions.push(`traceDuration <= ${maxDurationNs}ns`);
  return `{ ${conditions.join(' && ')} }`;
}

/** logfmt. */
function pairs(tags: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const text = tags.trimEnd();
  for (let at = 0; at < text.length; at = PAIR.lastIndex) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(text);
    if (match === null) throw new Failure('malformed', `invalid tags: unexpected text at pos ${at + 1}`);
    const [, name, quoted, plain] = match;
    if (found.has(name!)) throw new Failure('malformed', `invalid tags: tag ${name} has been set twice`);
    found.set(name!, quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/g, '$1'));
  }
  return found;
}

function condition(name: string, value: string): string {
  const intrinsic = known[name];
  if (intrinsic === 'status' && STATUSES.has(value)) return `status = ${value}`;
  if (name === 'error' && value === 'true') return 'status = error';
  const text = JSON.stringify(value);
  return `${intrinsic ?? `.${JSON.stringify(name)}`} = ${text}`;
}
