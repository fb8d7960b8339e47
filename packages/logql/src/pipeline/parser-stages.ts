import type { PatternStage, RegexpStage } from '../syntax/ast.js';
import { parseLinePattern } from '../syntax/line-pattern.js';
import { compilePattern } from '../text/regular-expression.js';
import { eachField, JsonMistake, stringValue, unescapeJson } from './json-scanner.js';
import { labelNameOf } from './label-names.js';
import type { LabelsBuilder } from './labels-builder.js';
import type { StageFunction } from './stage.js';

/** `| regexp`: groups with a name become labels. A line that does not match goes on without them. */
export function compileRegexp({ pattern: source }: RegexpStage): StageFunction {
  const pattern = compilePattern(source);
  const groups = pattern.groupNames.map(([name, group]) => ({ name: labelNameOf(name), group }));
  return (line, labels) => {
    const match = pattern.match(line);
    if (match === undefined) return line;
    for (const { name, group } of groups) {
      const value = match.starts[group] === -1 ? '' : line.slice(match.starts[group], match.ends[group]);
      if (!setCapture(labels, name, value)) return undefined;
    }
    return line;
  };
}

/** False when the line cannot pass any more. */
function setCapture(labels: LabelsBuilder, capture: string, value: string): boolean {
  const name = labels.nameForParsed(capture);
  if (!labels.hints.isWanted(name)) return true;
  labels.setParsed(name, value);
  return labels.hints.canPass(name, labels);
}

/** `| pattern "<ip> - <_>"`: what stands between the texts becomes labels. */
export function compilePatternStage({ pattern }: PatternStage): StageFunction {
  const parts = parseLinePattern(pattern, 'parser');
  const [first] = parts;
  const prefix = first !== undefined && 'text' in first ? first.text : '';
  const captures = parts.flatMap((part, index) => {
    if (!('capture' in part)) return [];
    const next = parts[index + 1];
    return [{ name: part.capture, until: next !== undefined && 'text' in next ? next.text : undefined }];
  });
  return (line, labels) => {
    if (labels.hints.needsNothing || line === '' || !line.startsWith(prefix)) return line;
    let at = prefix.length;
    for (const { name, until } of captures) {
      const end = until === undefined ? -1 : line.indexOf(until, at);
      // Where the text behind it is missing, a capture is all that is left, and the last one.
      const value = line.slice(at, end === -1 ? undefined : end);
      if (name !== '_' && !setCapture(labels, name, value)) return undefined;
      if (end === -1) break;
      at = end + until!.length;
    }
    return line;
  };
}

/** The field that holds the line before it was packed. */
const PACKED_LINE = '_entry';

/** `| unpack`: the texts of a JSON object become labels, and `_entry` the line. Without `_entry` nothing does. */
export function compileUnpack(): StageFunction {
  return (line, labels) => {
    if (line === '' || labels.hints.needsNothing) return line;
    if (!line.startsWith('{')) {
      labels.fail('JSONParserErr', 'expecting json object(6), but it is not');
      return line;
    }
    let packed: string | undefined;
    const found: [name: string, value: string][] = [];
    const stop = eachField(line, 0, (key, { type, start, end }) => {
      if (type !== 'string') return undefined;
      const text = line.slice(start, end);
      if (key === PACKED_LINE) {
        packed = unescapeJson(text);
        return packed === undefined ? new JsonMistake('Encountered an invalid escape sequence in a string') : undefined;
      }
      const name = labels.nameForParsed(key);
      if (labels.hints.isWanted(name)) found.push([labelNameOf(name), stringValue(text)]);
      return undefined;
    });
    if (stop instanceof JsonMistake) {
      labels.fail('JSONParserErr', stop.text);
      return line;
    }
    if (packed === undefined) return line;
    for (const [name, value] of found) {
      labels.setParsed(name, value);
      if (!labels.hints.canPass(name, labels)) return undefined;
    }
    return packed;
  };
}
