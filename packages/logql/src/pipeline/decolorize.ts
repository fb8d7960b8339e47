import { compilePattern } from '../text/regular-expression.js';
import type { StageFunction } from './stage.js';

/** Control sequences of terminals: those that end with a bell, and those that end with a letter. */
const controlSequence =
  '[\u001B\u009B][[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\u0007)|(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]))';

export function compileDecolorize(): StageFunction {
  const pattern = compilePattern(controlSequence);
  return (line) => (line.includes('\u001b') || line.includes('\u009b') ? pattern.replaceAllLiteral(line, '') : line);
}
