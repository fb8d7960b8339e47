import { builtinFunctions } from './builtin-functions.js';
import type { TemplateFunction } from './compile.js';
import { numberFunctions } from './number-functions.js';
import { textFunctions } from './text-functions.js';
import { timeFunctions } from './time-functions.js';

/** Every function that a template can call. */
export const templateFunctions: ReadonlyMap<string, TemplateFunction> = new Map(
  Object.entries({ ...builtinFunctions, ...textFunctions, ...numberFunctions, ...timeFunctions }),
);

export const templateFunctionNames: ReadonlySet<string> = new Set(templateFunctions.keys());
