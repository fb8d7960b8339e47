// Identity of a sender. Credentials become a principal at the listener, and the principal travels with the request.

/** What a principal may be allowed to do: send telemetry, query it, or change what runs here. */
export type Permission = 'ingest' | 'read' | 'admin';

/**
 * On whose behalf a request is made. It travels to Ingest in the request's reservation. Rows hold none, so that it costs nothing
 * per row.
 */
export interface Principal {
  /** Whose telemetry it is. Undefined where there are no tenants, and of operators: they see the rows of all. */
  readonly tenant: string | undefined;
  readonly permissions: ReadonlySet<Permission>;
  /** Tells tokens apart, and says nothing of them. */
  readonly token?: string;
}

/** Whoever has the server's token, or everybody where it has none, as long as there are no tenants. */
export const soleTenant: Principal = { tenant: undefined, permissions: new Set(['ingest']) };

/** Whoever has the read token of a read listener, or asks in SQL. */
export const soleReader: Principal = { tenant: undefined, permissions: new Set(['read']) };

/** Whoever has its admin token. */
export const soleAdmin: Principal = { tenant: undefined, permissions: new Set(['read', 'admin']) };
