import type { LogLine } from '../apis/loki.js';
import { clockTimeMs } from '../format.js';
import { levelOf } from '../logs/level.js';
import { limited } from './limited.js';

/** More of a line is shown where it is opened. */
const MAX_LINE = 2000;

/** Lines in little room: time, level and text. */
export function LogLines({ lines, label }: { readonly lines: readonly LogLine[]; readonly label: string }) {
  return (
    <ol class="log-lines" aria-label={label}>
      {lines.map((line, index) => (
        <li key={index} class={`log-line level-${levelOf(line)}`}>
          <time>{clockTimeMs(line.atMs)}</time>
          <bdi>{limited(line.line, MAX_LINE)}</bdi>
        </li>
      ))}
    </ol>
  );
}
