// Who a request comes from. Credential → principal, at the door; from there it travels with the request.

/** What a principal may be allowed to do. */
export type Permission = 'ingest';

/**
 * On whose behalf a request is made. It travels to Ingest in the request's reservation. All requests of a principal share one
 * object, and rows hold none, so that it costs nothing per row.
 */
export interface Principal {
  /** Whose telemetry it is. */
  readonly tenant: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** The one tenant that there is: whoever has the server's token, or everybody where it has none. */
export const soleTenant: Principal = { tenant: 'default', permissions: new Set(['ingest']) };
