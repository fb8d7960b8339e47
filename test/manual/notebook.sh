#!/usr/bin/env bash
# Runs examples/notebook.ipynb with Jupyter against an `otelduck serve --quack` that this script starts and ends. Fails when
# a cell fails, or the service. Needs Python 3 with venv, and pip; packages go to node_modules/.cache/otelduck/notebook.
#
# npm run notebook [-- executed.ipynb]       where to keep the notebook with its results
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
readonly root=$PWD
readonly packages=$root/node_modules/.cache/otelduck/notebook
duckdb_version=$(node --input-type=module --eval "import { version } from '@duckdb/node-api'; console.log(version().slice(1))")
readonly duckdb_version

work=$(mktemp -d)
service=
end() {
  [ -z "$service" ] || kill "$service" 2>/dev/null || true
  rm -rf -- "$work"
}
trap end EXIT

python3 -m venv "$packages"
"$packages/bin/pip" --disable-pip-version-check install --quiet \
  "duckdb==$duckdb_version" pandas nbconvert ipykernel

# Both DuckDBs find their extensions where DuckDB keeps them in a home.
node scripts/fetch-test-servers.mjs || echo 'going on with what there is'
extensions=$(node --print "require('$root/node_modules/.cache/otelduck/test-servers.json').extensions ?? ''")
[ -n "$extensions" ] || { echo "no extensions of DuckDB $duckdb_version" >&2; exit 1; }
mkdir -p "$work/.duckdb"
ln -s "$extensions" "$work/.duckdb/extensions"

port=$(node --eval "const s = require('node:net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
export HOME=$work OTELDUCK_QUACK=quack:127.0.0.1:$port OTELDUCK_QUACK_TOKEN
OTELDUCK_QUACK_TOKEN=$(node --print "require('node:crypto').randomBytes(16).toString('hex')")

(cd "$work" && exec node "$root/bin/otelduck.cjs" serve) 2>"$work/service.log" &
service=$!
for _ in $(seq 100); do
  grep -q '"event":"ready"' "$work/service.log" && break
  kill -0 "$service" 2>/dev/null || { cat "$work/service.log" >&2; exit 1; }
  sleep 0.1
done

"$packages/bin/python" -m nbconvert --execute --to notebook --output-dir "$work" --output executed.ipynb examples/notebook.ipynb ||
  { cat "$work/service.log" >&2; exit 1; }

kill -TERM "$service"
ended=0
wait "$service" || ended=$?
service=
[ "$ended" = 0 ] || { cat "$work/service.log" >&2; exit 1; }
[ $# = 0 ] || cp "$work/executed.ipynb" "$1"
echo 'every cell of examples/notebook.ipynb has run, and the service has ended in order'
