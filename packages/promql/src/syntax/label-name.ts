import { quoted } from './go-text.js';

/** The label that holds the name of a metric. */
export const METRIC_NAME = '__name__';

/** Name of a label as a query says it: in quotes unless it is a plain word. */
export function labelNameText(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : quoted(name);
}
