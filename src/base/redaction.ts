// Credentials do not leave in an error, a log or a list. DuckDB's own messages quote connection strings whole, and
// statements in part.

const REDACTED = '[redacted]';

/** Each pattern's first group stays; what follows it is the secret. */
const SECRETS: readonly RegExp[] = [
  // scheme://user:password@host; a password may hold an @ of its own
  /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@'"]*:)[^\s'"]+(?=@)/gi,
  // password=…, token: …, SECRET '…', client_secret => "…", in connection strings, SQL, URLs and headers. A quote need
  // not end: DuckDB cuts the line that it quotes.
  /(\b(?:password|passwd|pwd|pgpassword|token|auth_token|secret|client_secret|secret_key|secret_access_key|session_token|access_key|key_id|client_id|api[_-]?key|bearer_token)['"]?\s*(?:(?::=|=>|=)\s*|:?\s*(?=['"])))(?:''[^']*''|'(?:[^'\\]|''|\\.)*'?|"[^"]*"?|[^\s,;&)'"]+)/gi,
  /(\bbearer\s+)[\w.~+/=-]{8,}/gi,
  // Parameters of presigned URLs
  /(\bx-(?:amz|goog)-(?:signature|credential|security-token)=)[^\s&'"]+/gi,
];

/** Shorter texts are found in too many places where they are no secret. */
const FEWEST_CHARACTERS = 4;

/** The text with secrets replaced: those that it names as such, and those of the statement that it is about. */
export function redacted(text: string, statement = ''): string {
  const named = SECRETS.reduce((rest, pattern) => rest.replaceAll(pattern, `$1${REDACTED}`), text);
  return secretsOf(statement).reduce((rest, secret) => withoutEndOf(secret, rest.replaceAll(secret, REDACTED)), named);
}

/** What a statement names as secret, without its quotes. */
function secretsOf(statement: string): string[] {
  return SECRETS.flatMap((pattern) =>
    [...statement.matchAll(pattern)].map(([found, kept]) => found.slice(kept!.length).replace(/^['"]+|['"]+$/g, '')),
  ).filter((secret) => secret.length >= FEWEST_CHARACTERS);
}

/** An error quotes `LINE 1: ...` and then the statement from anywhere on: from the middle of a secret too. */
function withoutEndOf(secret: string, text: string): string {
  return text.replaceAll(/(?<=^LINE \d+: \.\.\.)\S+/gm, (excerpt) => {
    for (let from = 1; from < secret.length; from++) {
      if (excerpt.startsWith(secret.slice(from))) return REDACTED + excerpt.slice(secret.length - from);
    }
    return excerpt;
  });
}
