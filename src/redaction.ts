// Credentials do not leave in an error, a log or a list. DuckDB's own messages quote connection strings whole.

const REDACTED = '[redacted]';

/** Each pattern's first group stays; what follows it is the secret. */
const SECRETS: readonly RegExp[] = [
  // scheme://user:password@host
  /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@'"]*:)[^\s@'"]+(?=@)/gi,
  // password=…, token: …, SECRET '…', client_secret => "…", in connection strings, SQL, URLs and headers
  /(\b(?:password|passwd|pwd|pgpassword|token|auth_token|secret|client_secret|secret_key|secret_access_key|session_token|access_key|key_id|api[_-]?key|bearer_token)['"]?\s*(?:(?::=|=>|=)\s*|:?\s*(?=['"])))(?:''[^']*''|'(?:[^']|'')*'|"[^"]*"|[^\s,;&)'"]+)/gi,
  /(\bbearer\s+)[\w.~+/=-]{8,}/gi,
  // Parameters of presigned URLs
  /(\bx-amz-(?:signature|credential|security-token)=)[^\s&'"]+/gi,
];

/** The text with secrets replaced. */
export function redacted(text: string): string {
  return SECRETS.reduce((rest, pattern) => rest.replaceAll(pattern, `$1${REDACTED}`), text);
}
