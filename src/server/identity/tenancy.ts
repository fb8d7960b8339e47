// Whose a request is: the one place where its tenant is decided, for every wire and every API.

import { Failure } from '../../base/failure.js';
import { isTenantName, shownName, TENANT_NAME_RULE } from '../../base/tenant-name.js';
import type { TenantMode } from '../../schema/column-declaration.js';
import type { Grant } from './tokens.js';

export interface TenancyOptions {
  readonly tenants: TenantMode;
  /** Tenant of requests that name none; empty where they are refused. */
  readonly default_tenant: string;
}

export class Tenancy {
  readonly #options: TenancyOptions;

  constructor(options: TenancyOptions) {
    this.#options = options;
  }

  /**
   * The tenant of a request, of which the token and a header may speak; undefined without tenants, and of an operator who names
   * none. Throws `malformed` at a bad name, and `forbidden` at a name that is not the token's.
   */
  tenantOf({ tenant: granted, permissions }: Grant, named: string | undefined): string | undefined {
    const { tenants, default_tenant: byDefault } = this.#options;
    if (tenants === 'none') return undefined;
    if (permissions.has('admin')) return named === undefined ? undefined : checkedName(named);
    if (tenants === 'header') return checkedName(named ?? byDefault);
    if (named !== undefined && named !== granted) {
      throw new Failure('forbidden', `this token is not of tenant ${shownName(named)}, which a header names`);
    }
    return granted;
  }
}

/** Where there are no tenants. */
export const noTenants = new Tenancy({ tenants: 'none', default_tenant: '' });

function checkedName(name: string): string {
  if (isTenantName(name)) return name;
  if (name === '') throw new Failure('malformed', 'a request must name its tenant, in X-Tenant-ID or X-Scope-OrgID');
  throw new Failure('malformed', `a tenant's name must be ${TENANT_NAME_RULE}, got ${shownName(name)}`);
}
