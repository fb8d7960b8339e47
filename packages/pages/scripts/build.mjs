// src/ → dist/: scripts, styles and fonts whose names have a hash of what is in them, each compressed beside itself, and the document that
// names them.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('..', import.meta.url));
const dist = join(folder, 'dist');
const assets = join(dist, 'assets');
/** Fonts are compressed already. */
const COMPRESSED = new Set(['.js', '.css', '.svg', '.html', '.txt']);

rmSync(dist, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });

const { metafile } = await build({
  absWorkingDir: folder,
  entryPoints: ['src/main.tsx', 'src/style/main.css', 'src/icon.svg'],
  outdir: assets,
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  minify: true,
  target: ['es2022'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.woff2': 'file', '.svg': 'copy' },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});

/** The name that an entry was written under. */
function builtName(entry) {
  const [output] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === entry) ?? [];
  if (output === undefined) throw new Error(`the build has no output of ${entry}`);
  return `/ui/assets/${basename(relative(folder, output))}`;
}

const font = readdirSync(assets).find((name) => /^inter-.*\.woff2$/.test(name));
const names = {
  script: builtName('src/main.tsx'),
  style: builtName('src/style/main.css'),
  icon: `/ui/assets/${readdirSync(assets).find((name) => name.startsWith('icon-'))}`,
  font: `/ui/assets/${font}`,
};
const document = readFileSync(join(folder, 'src/index.html'), 'utf8').replaceAll(/\{\{(\w+)\}\}/g, (_, name) => {
  if (names[name] === undefined) throw new Error(`src/index.html names ${name}, which the build does not make`);
  return names[name];
});
writeFileSync(join(dist, 'index.html'), document);

writeFileSync(join(assets, 'licenses.txt'), licenses());

for (const path of [join(dist, 'index.html'), ...readdirSync(assets).map((name) => join(assets, name))]) {
  if (!COMPRESSED.has(extname(path))) continue;
  const bytes = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
}

/** The licences of all packages that are in the build. */
function licenses() {
  const folders = Object.keys(metafile.inputs).map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(folders.filter((path) => path !== undefined))]
    .sort()
    .map((path) => {
      const file = readdirSync(join(folder, path)).find((name) => /^licen[cs]e/i.test(name));
      if (file === undefined) throw new Error(`${path} has no file of its licence`);
      return `${path.replace(/^.*node_modules\//, '')}\n\n${readFileSync(join(folder, path, file), 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
