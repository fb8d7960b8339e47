module github.com/grafana/grafana/apps/scope

go 1.24
