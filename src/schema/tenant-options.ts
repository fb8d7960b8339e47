import { SqlError } from '../base/sql-error.js';
import { isTenantName, shownName, TENANT_NAME_RULE } from '../base/tenant-name.js';
import { tenantModes } from './column-declaration.js';
import { notEmpty, type OptionValues, optionalText, text, word } from './option-declaration.js';

/** How listeners of telemetry and of queries learn whose a request is. */
export const tenantOptions = {
  tenants: word({
    words: tenantModes,
    default: 'none',
    defaultText: '`none`',
    doc: 'Whose telemetry a request is: there is one tenant (`none`), the request says it in `X-Tenant-ID` or `X-Scope-OrgID` (`header`), or its token does (`token`).',
  }),
  default_tenant: text({
    default: 'default',
    doc: "With `tenants := 'header'`: tenant of requests that name none. Empty: they are refused.",
    check: (name, value) => {
      if (value === '' || isTenantName(value)) return;
      throw new SqlError(
        'OTLP_ARGUMENT_INVALID',
        `${name} must be ${TENANT_NAME_RULE}, or empty, got ${shownName(value)}`,
      );
    },
  }),
  tenant_tokens_file: optionalText({
    defaultText: 'none',
    doc: "With `tenants := 'token'`: JSON file with the tokens of each tenant.",
    check: notEmpty,
  }),
};

export type TenantOptions = OptionValues<typeof tenantOptions>;

/** An option that brings tokens, of which a listener has one at most. */
export interface TokenOption {
  readonly name: string;
  readonly isGiven: boolean;
}

/** Throws unless the options go together. `sources` are those that bring tokens besides a tenant_tokens_file. */
export function checkTokens(
  { tenants, tenant_tokens_file: file, disable_auth }: TenantOptions & { readonly disable_auth: boolean },
  ...sources: readonly TokenOption[]
): void {
  const [first, second] = [...sources, { name: 'tenant_tokens_file', isGiven: file !== null }].filter(
    ({ isGiven }) => isGiven,
  );
  if (second !== undefined) {
    throw new SqlError(
      'OTLP_ARGUMENT_CONFLICT',
      `${first!.name} cannot be combined with ${second.name}, which has the tokens`,
    );
  }
  if (tenants === 'token' && disable_auth) {
    throw new SqlError('OTLP_ARGUMENT_CONFLICT', "disable_auth cannot be combined with tenants := 'token'");
  }
  if (tenants === 'token' && file === null) {
    throw new SqlError('OTLP_ARGUMENT_CONFLICT', "tenants := 'token' needs a tenant_tokens_file");
  }
  if (tenants !== 'token' && file !== null) {
    throw new SqlError('OTLP_ARGUMENT_CONFLICT', `tenant_tokens_file needs tenants := 'token', got '${tenants}'`);
  }
}
