// What is secret, once: credentials do not leave in an error, a log, a list or the shell's history. DuckDB's own messages
// quote connection strings whole, and statements in part.

const REDACTED = '[redacted]';

/**
 * How names of secrets end, as parts of regular expressions: `s3_secret_access_key`, `http_proxy_password`, `PGPASSWORD`,
 * `AccountKey`, `x-api-key`. A name that goes on, such as `secret_directory`, is none.
 */
const NAMES = [
  'pass(?:word|wd|phrase|code)',
  'pwd',
  'secret',
  'token',
  'credentials?',
  'authorization',
  'cookie',
  'connection[\\s_-]*string',
  '(?:access|account|api|auth|client|encryption|master|private|secret|server|session|shared|signing|storage)[\\s_-]*key(?:[\\s_-]*id)?',
  'key[\\s_-]*id',
  'client[\\s_-]*id',
].join('|');

/** Not the word 'token' in quotes, which is a value of options, unless it is a key that has a value. */
const NO_WORD = "(?!(?<='token)'(?!\\s{0,40}[:=]))";

/** Bounded, as every repetition is that may begin anywhere: a text of megabytes must not take minutes. */
const SPACE = '\\s{0,40}';

/** Literals of SQL, of connection strings inside them, and of JSON. A quote need not end: DuckDB cuts the line that it quotes. */
const LITERAL = `(?:''[^']*''|e?'(?:[^'\\\\]|''|\\\\.)*'?|"[^"]*"?|\\$\\w*\\$[^$]*(?:\\$\\w*\\$)?)`;

/** Each pattern's first group stays; what follows it is the secret. */
const SECRETS: readonly RegExp[] = [
  // scheme://user:password@host; a password may hold an @ of its own
  /(\b[a-z][a-z0-9+.-]{0,40}:\/\/[^\s:/@'"]{0,200}:)[^\s'"]{1,200}(?=@)/gi,
  // password=…, token: …, SECRET '…', SET s3_session_token TO '…', client_secret => "…", in connection strings, SQL, URLs
  // and headers
  new RegExp(
    `((?:${NAMES})${NO_WORD}['"]?(?:${SPACE}(?::=|=>|=)${SPACE}|\\s{1,40}to\\s{1,40}(?=e?['"]|\\$\\w*\\$)|${SPACE}:?${SPACE}(?=e?['"]|\\$\\w*\\$)))(?:${LITERAL}(?:${SPACE}\\|\\|${SPACE}${LITERAL})*|[^\\s,;&)'"]+)`,
    'gi',
  ),
  // CREATE SECRET (KEY_ID …, SECRET …): a word needs no quotes there
  new RegExp(`((?:${NAMES})(?<=[(,]${SPACE}\\w{0,60})\\s{1,40})[^\\s,;()'"$]+(?=${SPACE}(?:[,)]|$))`, 'gim'),
  /(headers['"]?\s{0,40}(?::=|=>|=|:)?\s{0,40})(?:map\s{0,40}[{(][^})]*[})]?|\{[^}]*\}?)/gi,
  /(\badd_parquet_key\s{0,40}\(\s{0,40}'[^']*'\s{0,40},\s{0,40})'[^']*'?/gi,
  /(\bbearer\s{1,40})[\w.~+/=-]{8,}/gi,
  /(\bauthorization\s{0,40}:\s{0,40}\w{1,40}\s{1,40})[\w.~+/=:-]{8,}/gi,
  /(\b(?:cookie|x-[\w-]{0,40}(?:key|token))\s{0,40}:\s{0,40})[^\s'"<]{8,}/gi,
  // Parameters of presigned and other URLs
  /([?&][\w.-]{0,60}(?:sig|signature|credential|key|token|auth|code)=)[^\s&'"#]+/gi,
  // Those of S3 and Google Cloud, wherever they stand: a file may have been saved under the URL it came from
  /(\bx-(?:amz|goog)-(?:signature|credential|security-token)=)[^\s&'"]+/gi,
  // A JSON Web Token
  /(\b)eyJ[\w-]{8,}[\w.-]*/g,
];

/** What may hold a secret in a form that no pattern finds: connection strings of databases, and talk of secrets. */
const MENTIONS: readonly RegExp[] = [
  new RegExp(`${NAMES}|passw|bearer|\\bsas\\b|\\bdsn\\b`, 'i'),
  /:\/\/[^\s/'"]*@/,
  // Databases that are attached by a connection string, with or without a scheme in front of it
  /\b(?:postgres(?:ql)?|mysql|mariadb|sqlserver|mssql|mongodb|redis|snowflake|motherduck|md|quack)(?:\+\w+)?:/i,
  /\btype\s+['"]?(?:postgres|mysql|mssql|snowflake|quack)/i,
  /\b(?:host|hostaddr|dbname|user|uid|user ?id|accountname|server|data source)\s*=\s*[^\s=]+[\s;].*=/is,
];

/** Shorter texts are found in too many places where they are no secret. */
const FEWEST_CHARACTERS = 4;

/** The text with secrets replaced: those that it names as such, and those of the statement that it is about. */
export function redacted(text: string, statement = ''): string {
  const named = SECRETS.reduce((rest, pattern) => rest.replaceAll(pattern, `$1${REDACTED}`), text);
  return secretsOf(statement).reduce((rest, secret) => withoutPartOf(secret, rest.replaceAll(secret, REDACTED)), named);
}

/**
 * Whether a text may hold a secret, and so must not be kept: it speaks of one, or has a connection string in it. Rather a
 * harmless text too many than one that is not.
 */
export function mayHoldSecret(text: string): boolean {
  return MENTIONS.some((pattern) => pattern.test(text)) || redacted(text) !== text;
}

/** What a statement names as secret, without its quotes. */
function secretsOf(statement: string): string[] {
  return SECRETS.flatMap((pattern) =>
    [...statement.matchAll(pattern)].map(([found, kept]) => found.slice(kept!.length).replace(/^['"]+|['"]+$/g, '')),
  ).filter((secret) => secret.length >= FEWEST_CHARACTERS);
}

/** An error quotes `LINE 1: ...` and then the statement from anywhere on: from the middle of a secret too, or all of it from there. */
function withoutPartOf(secret: string, text: string): string {
  return text.replaceAll(/(?<=^LINE \d+: \.\.\.)\S+/gm, (excerpt) => {
    const whole = excerpt.replace(/\.\.\.$/, '');
    if (whole.length >= FEWEST_CHARACTERS && secret.includes(whole)) return REDACTED;
    for (let from = 1; from < secret.length; from++) {
      if (excerpt.startsWith(secret.slice(from))) return REDACTED + excerpt.slice(secret.length - from);
    }
    return excerpt;
  });
}
