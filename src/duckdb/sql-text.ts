/** A name as SQL quotes it, whatever it holds. */
export function quotedIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quotedString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `catalog.schema.table`, quoted. */
export function qualifiedName(...parts: readonly string[]): string {
  return parts.map(quotedIdentifier).join('.');
}
