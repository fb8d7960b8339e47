#!/bin/sh
# Builds the program of main.go, with the data sources that it drives cloned beside it: a proxy of Go modules does not have them.
set -eu
cd "$(dirname "$0")"

clone() {
  [ -d "$1" ] || git clone -q "https://github.com/grafana/$1" "$1"
  git -C "$1" checkout -q -f "$2"
}

clone grafana-prometheus-datasource 78223d136b2c26b376d615c65ddddc4c8ebe4c22
clone grafana-loki-datasource 7eefb67ef345117e37a03a72de7bfd9a0238fd46
clone grafana-tempo-datasource 6cc1347c8a299c8b0c7d72139468e8c86688e2f3
# The last commit that needs nothing but modules that proxies have. The others need a later Prometheus, in which this has another name.
for file in models/scope.go resource/resource.go; do
  sed -i.sent 's/parser\.ParseExpr(/parser.NewParser(parser.Options{}).ParseExpr(/' \
    "grafana-prometheus-datasource/pkg/promlib/$file"
done
go build -o grafana-backend .
