// DuckDB's tree of a statement as JSON → as objects, and back with every number as it was: constants of 64 bits and more, and the
// `.0` by which DuckDB knows a DOUBLE, do not survive JSON.parse().

/** A part of DuckDB's tree. */
export type Tree = { [field: string]: unknown };

/** A text, or a number. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Integers that JSON.parse() and JSON.stringify() keep as they are. */
const EXACT = /^-?\d{1,15}$/;
/** Quotes inside of texts are escaped, so that no text of a client looks like this. */
const KEPT = /\{"\$number":"([^"]*)"\}/g;

export function readTree(json: string): Tree {
  const kept = json.replace(TOKEN, (token) =>
    token.startsWith('"') || EXACT.test(token) ? token : `{"$number":"${token}"}`,
  );
  return JSON.parse(kept) as Tree;
}

export function treeJson(tree: Tree): string {
  return JSON.stringify(tree).replace(KEPT, '$1');
}
