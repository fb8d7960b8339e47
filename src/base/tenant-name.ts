// What a tenant may be called. A name becomes a folder, a label and a part of answers, so it has no letters that any of them
// would have to escape.

/** Longest name, in characters. */
export const MAX_TENANT_NAME = 64;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** What a folder of no tenant is called, in any case of letters: `tenant=null`. */
const NO_NAME = /^null$/i;

export const TENANT_NAME_RULE = `1 to ${MAX_TENANT_NAME} of A-Z, a-z, 0-9, ".", "_" and "-", beginning with a letter or a digit, and not "null"`;

export function isTenantName(name: string): boolean {
  return name.length <= MAX_TENANT_NAME && NAME.test(name) && !NO_NAME.test(name);
}

/** A refused name, fit to be shown. */
export function shownName(name: string): string {
  return JSON.stringify(name.length > MAX_TENANT_NAME ? `${name.slice(0, MAX_TENANT_NAME)}…` : name);
}
