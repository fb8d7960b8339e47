// Errors that a SQL user reads, each with a code at the end of its text: DuckDB passes on the text alone. Texts get better
// from release to release, codes stay.

/** What each code means, and what to do. docs/errors.md shows this table. */
export const sqlErrorCodes = {
  OTLP_ARGUMENT_INVALID: {
    meaning: 'A parameter has a value that it cannot have, or a name that the function does not know.',
    remedy: 'The text names the parameter, the rule and the value.',
  },
  OTLP_ARGUMENT_CONFLICT: {
    meaning: 'Two parameters cannot be combined, or one needs another.',
    remedy: 'Leave out one of the two, or give the one that is missing.',
  },
  OTLP_URI_INVALID: {
    meaning: 'A listen URI cannot be parsed, or has the scheme of the other function.',
    remedy: 'Write `otlp:host:port`, and `otap:host:port` for `otap_serve`.',
  },
  OTLP_HOST_NOT_ALLOWED: {
    meaning: 'The host of a listen URI is not this machine.',
    remedy: 'Listen on `localhost`, or pass `allow_other_hostname := true`.',
  },
  OTLP_LISTEN_FAILED: {
    meaning: 'The system does not let the server listen on its port.',
    remedy: 'Choose another port, or end what listens there.',
  },
  OTLP_TLS_INVALID: {
    meaning:
      'A certificate, its key or the certificates of clients cannot be read, do not belong together, or are not valid now.',
    remedy: 'The text names the file and what is wrong with it.',
  },
  OTLP_TOKENS_INVALID: {
    meaning:
      'A file of tokens cannot be read, others than its owner may read it, or a part of it has another form than it must.',
    remedy: 'The text names the file and what is wrong with it. It never quotes a token.',
  },
  OTLP_SERVER_EXISTS: {
    meaning: 'A server of this DuckDB instance has the URI already.',
    remedy: 'Use that server, stop it, or choose another port.',
  },
  OTLP_SERVER_NOT_FOUND: {
    meaning: 'No server of this DuckDB instance has the URI.',
    remedy: 'Take one from `otlp_server_list()`.',
  },
  OTLP_SERVING_FORBIDDEN: {
    meaning: "Servers cannot be started here, as in the shell's safe mode.",
    remedy: 'Start the server in a shell or program without that restriction.',
  },
  OTLP_CLOSED: {
    meaning: 'The plugin was closed on this DuckDB instance.',
    remedy: 'Attach it to a new instance.',
  },
  OTLP_ALREADY_ATTACHED: {
    meaning: 'The plugin is attached to this DuckDB instance already.',
    remedy: 'Use what the first `attach()` returned.',
  },
  OTLP_POOL_TOO_SMALL: {
    meaning: "libuv's thread pool has no thread left for the query that a call waits for.",
    remedy: 'Start the process with `UV_THREADPOOL_SIZE=32`.',
  },
  OTLP_CATALOG_NOT_AVAILABLE: {
    meaning: 'A catalog is not attached, is read-only, or was attached in a way that a server cannot write to.',
    remedy: 'Attach it as the text says.',
  },
  OTLP_TABLE_NOT_AVAILABLE: {
    meaning: 'A table does not exist, or a column is missing or has another type.',
    remedy: 'Let `create_tables` make the tables, choose another `schema`, or mend the column.',
  },
  OTLP_EXPORT_CONFLICT: {
    meaning: 'The views of a Parquet export cannot be made in this schema: a table or another export has it.',
    remedy: 'Choose another `schema`.',
  },
  OTLP_FOLDER_NOT_AVAILABLE: {
    meaning: 'A folder for a journal or an export cannot be made.',
    remedy: 'Choose another path, or mend its permissions.',
  },
  OTLP_EXACTLY_ONCE_UNSUPPORTED: {
    meaning: 'The catalog does not commit several tables at once, so a journal could deliver rows twice after a crash.',
    remedy: 'Accept that with `allow_at_least_once := true`, or use another catalog.',
  },
  OTLP_JOURNAL_IN_USE: {
    meaning: 'Another process, or another server of this one, uses the journal or has committed from it.',
    remedy: 'Stop it, or choose another `journal_path`.',
  },
  OTLP_JOURNAL_UNREADABLE: {
    meaning: 'A file of the journal is damaged, or was written by a newer otelduck.',
    remedy: 'Start the otelduck that wrote it, restore the file, or move it away.',
  },
  OTLP_REPLAY_FAILED: {
    meaning: 'Rows of a journal or a dead letter cannot be committed. Nothing is lost.',
    remedy: 'Mend the cause in the text. The next start, or `otlp_replay`, tries again.',
  },
  OTLP_DEAD_LETTERS_FULL: {
    meaning: 'There is no room for more dead letters.',
    remedy: 'Mend what the target refuses, then replay them with `otlp_replay`.',
  },
  OTLP_COMMIT_UNKNOWN: {
    meaning: 'A COMMIT failed, and the catalog cannot be asked whether it took effect. The rows wait.',
    remedy: 'Mend the connection to the catalog.',
  },
  OTLP_COMMIT_TOO_SLOW: {
    meaning: 'An insert took longer than maintenance keeps unused files, so it was rolled back. The rows wait.',
    remedy: 'Raise `maintenance_retention_ms`, or lower `seal_target_bytes`.',
  },
  OTLP_LIVE_CONFLICT: {
    meaning: 'Rows were committed while a live query was planned or run.',
    remedy: 'Run the query again, in a new transaction.',
  },
  OTLP_LIVE_UNSUPPORTED: {
    meaning: 'Tables and memory of this target cannot be read together.',
    remedy: 'Read the tables, or only memory with `otlp_buffer`.',
  },
  OTLP_ROWS_MISSED: {
    meaning: 'Rows left memory before a reader of `otlp_tail` asked for them.',
    remedy: 'Read them from the tables, and ask more often.',
  },
  OTLP_FILE_NOT_FOUND: {
    meaning: 'No file has the path, or matches the pattern.',
    remedy: 'Check the path. A relative one begins at the working directory of the process.',
  },
  OTLP_FILE_UNREADABLE: {
    meaning: 'A file cannot be read, or does not hold what the function reads.',
    remedy: 'The text names the file and the place. `ignore_errors := true` skips what cannot be read.',
  },
  OTLP_QUERY_INVALID: {
    meaning: 'A query in another language than SQL cannot be parsed, or its types do not fit.',
    remedy: 'The text names the place and the rule.',
  },
  OTLP_QUERY_FAILED: {
    meaning: 'A query was well formed, and the data do not let it have an answer.',
    remedy: 'The text says what of the data does not fit.',
  },
  OTLP_QUERY_LIMIT: {
    meaning: 'A query reads or holds more than a limit allows.',
    remedy: 'Ask for less, or raise the limit that the text names.',
  },
  OTLP_QUERY_TIMEOUT: {
    meaning: 'A query took longer than `query_timeout_ms`.',
    remedy: 'Ask for less, or raise the limit.',
  },
  OTLP_QUERY_CANCELED: {
    meaning: 'A query was canceled, or the process that ran it is ending.',
    remedy: 'Run the query again.',
  },
  OTLP_QUERY_OVERLOADED: {
    meaning: 'As many queries wait as may wait.',
    remedy: 'Run the query again a little later.',
  },
} as const satisfies Record<string, { readonly meaning: string; readonly remedy: string }>;

export type SqlErrorCode = keyof typeof sqlErrorCodes;

const CODE_AT_END = / \[OTLP_[A-Z_]+\]$/;

/** For errors that DuckDB throws, with a text that is ours. */
export function withCode(code: SqlErrorCode, text: string): string {
  return `${text} [${code}]`;
}

/** The code in the text of an error that came back through SQL, which keeps nothing else. */
export function codeIn(text: string): SqlErrorCode | undefined {
  const code = /\[(OTLP_[A-Z_]+)\]/.exec(text)?.[1];
  return code !== undefined && Object.hasOwn(sqlErrorCodes, code) ? (code as SqlErrorCode) : undefined;
}

export class SqlError extends Error {
  readonly code: SqlErrorCode;

  /** A text that quotes the error of another code keeps only the outer code. */
  constructor(code: SqlErrorCode, text: string, options?: ErrorOptions) {
    super(withCode(code, text.replace(CODE_AT_END, '')), options);
    this.name = 'SqlError';
    this.code = code;
  }
}
