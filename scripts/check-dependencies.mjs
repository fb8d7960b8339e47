// The lock file → every package has a checksum, comes from the registry, and has a licence that MIT code may depend on. What users
// install with otelduck may have fewer licences than a tool that it is built with.

import { readFileSync } from 'node:fs';

const SHIPPED = [
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
  'CC0-1.0',
];
/** Of what only developers install, and of fonts, which pages have as they are. */
const TOOLS = [...SHIPPED, 'MPL-2.0', 'CC-BY-4.0', 'Python-2.0', 'OFL-1.1'];

const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
const shipped = installedWith(packages['']);
const problems = Object.entries(packages).flatMap(([path, entry]) =>
  // Our own packages, and links to them.
  path.startsWith('node_modules/') && !entry.link ? problemsOf(path, entry) : [],
);
for (const problem of problems) console.error(problem);
console.log(
  `dependencies: ${shipped.size} packages that users install and ${Object.keys(packages).length - shipped.size} of developers, ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Paths of all packages that a package needs, and those need in turn. */
function installedWith(root) {
  const found = new Set();
  const add = ({ dependencies, optionalDependencies }, from) => {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const path = pathOf(name, from);
      if (path === undefined || found.has(path)) continue;
      found.add(path);
      add(packages[path], `${path}/`);
    }
  };
  add(root, '');
  return found;
}

/** As Node finds a package: in the nearest node_modules. Undefined for one of another platform. */
function pathOf(name, from) {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('node_modules/', folder.length - 2))) {
    const path = `${folder}node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (folder === '' || !folder.includes('node_modules/')) return undefined;
  }
}

function problemsOf(path, { version, integrity, resolved, license }) {
  const name = `${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)} ${version}`;
  const allowed = shipped.has(path) ? SHIPPED : TOOLS;
  const found = [];
  if (!/^sha512-/.test(integrity ?? '')) found.push(`${name}: the lock file has no checksum of it`);
  if (resolved !== undefined) found.push(`${name}: it must come from the registry, and comes from ${resolved}`);
  if (!isAllowed(license ?? '', allowed))
    found.push(`${name}: its licence must be one of ${allowed.join(', ')}, and is ${license}`);
  return found;
}

/** `A OR B` needs one of them. */
function isAllowed(license, allowed) {
  return license
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => allowed.includes(choice));
}
