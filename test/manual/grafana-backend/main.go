// Drives the backends of Grafana's Prometheus, Loki and Tempo data sources as Grafana does, without a Grafana: a JSON command a
// line in, a JSON answer a line out. test/manual/query-clients.ts says what the commands are.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/grafana/grafana-loki-datasource/pkg/loki"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-prometheus-datasource/pkg/promlib"
	"github.com/grafana/grafana-tempo-datasource/pkg/tempo"
)

type command struct {
	Source   string            `json:"source"`
	URL      string            `json:"url"`
	Token    string            `json:"token"`
	JSONData json.RawMessage   `json:"jsonData"`
	Do       string            `json:"do"`
	From     int64             `json:"from"`
	To       int64             `json:"to"`
	Queries  []json.RawMessage `json:"queries"`
	Path     string            `json:"path"`
	Method   string            `json:"method"`
	Body     string            `json:"body"`
}

// What a data source's backend can do for Grafana.
type handlers interface {
	backend.QueryDataHandler
	backend.CallResourceHandler
	backend.CheckHealthHandler
}

// A column of a data frame: how many values it has, and the first and last of them.
type field struct {
	Name   string      `json:"name"`
	Labels data.Labels `json:"labels,omitempty"`
	Type   string      `json:"type"`
	Rows   int         `json:"rows"`
	First  any         `json:"first,omitempty"`
	Last   any         `json:"last,omitempty"`
}

// The SDK reads these from what Grafana starts plugins with, and refuses to work without them.
var grafanaConfig = map[string]string{
	"GF_CONCURRENT_QUERY_COUNT": "10", "GF_SQL_ROW_LIMIT": "1000000", "GF_RESPONSE_LIMIT": "0",
	"GF_SQL_MAX_OPEN_CONNS_DEFAULT": "10", "GF_SQL_MAX_IDLE_CONNS_DEFAULT": "2", "GF_SQL_MAX_CONN_LIFETIME_SECONDS_DEFAULT": "100",
}

// A command holds the queries of a dashboard at most.
const maxCommandBytes = 64 << 20

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, maxCommandBytes)
	out := json.NewEncoder(os.Stdout)
	// Backends keep connections and caches, as in Grafana: one for each data source that is asked for.
	made := map[string]handlers{}
	for in.Scan() {
		answer, err := answerTo(in.Bytes(), made)
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		out.Encode(answer)
	}
	if err := in.Err(); err != nil {
		fmt.Fprintln(os.Stderr, "cannot read commands:", err)
		os.Exit(1)
	}
}

func answerTo(line []byte, made map[string]handlers) (any, error) {
	var c command
	if err := json.Unmarshal(line, &c); err != nil {
		return nil, err
	}
	if len(c.JSONData) == 0 {
		c.JSONData = json.RawMessage("{}")
	}
	settings := backend.DataSourceInstanceSettings{
		ID: 1, UID: c.Source, Type: c.Source, Name: c.Source, URL: c.URL, JSONData: c.JSONData,
		BasicAuthEnabled: c.Token != "", BasicAuthUser: "grafana",
		DecryptedSecureJSONData: map[string]string{"basicAuthPassword": c.Token},
		// Backends are made anew when this changes.
		Updated: time.Unix(1, 0),
	}
	config := backend.NewGrafanaCfg(grafanaConfig)
	plugin := backend.PluginContext{OrgID: 1, PluginID: c.Source, DataSourceInstanceSettings: &settings, GrafanaConfig: config}
	ctx := backend.WithPluginContext(backend.WithGrafanaConfig(context.Background(), config), plugin)
	key := c.Source + c.URL + c.Token + string(c.JSONData)
	h := made[key]
	if h == nil {
		var err error
		if h, err = newHandlers(ctx, c.Source, settings); err != nil {
			return nil, err
		}
		made[key] = h
	}
	switch c.Do {
	case "health":
		return health(ctx, h, plugin)
	case "resource":
		return resource(ctx, h, plugin, c)
	case "query":
		return query(ctx, h, plugin, c)
	}
	return nil, fmt.Errorf("do must be health, resource or query, got %q", c.Do)
}

func newHandlers(ctx context.Context, source string, settings backend.DataSourceInstanceSettings) (handlers, error) {
	switch source {
	case "prometheus":
		return promlib.NewService(nil, log.New(), nil), nil
	case "loki":
		instance, err := loki.NewDatasource(ctx, settings)
		if err != nil {
			return nil, err
		}
		return instance.(handlers), nil
	case "tempo":
		instance, err := tempo.NewDatasource(ctx, settings)
		if err != nil {
			return nil, err
		}
		return instance.(handlers), nil
	}
	return nil, fmt.Errorf("source must be prometheus, loki or tempo, got %q", source)
}

func health(ctx context.Context, h handlers, plugin backend.PluginContext) (any, error) {
	result, err := h.CheckHealth(ctx, &backend.CheckHealthRequest{PluginContext: plugin})
	if err != nil {
		return nil, err
	}
	return map[string]any{"status": result.Status.String(), "message": result.Message}, nil
}

// What editors and menus of Grafana ask for, such as names of labels.
func resource(ctx context.Context, h handlers, plugin backend.PluginContext, c command) (any, error) {
	var status int
	var body []byte
	path, _, _ := strings.Cut(c.Path, "?")
	request := &backend.CallResourceRequest{
		PluginContext: plugin, Path: path, URL: c.Path, Method: c.Method, Body: []byte(c.Body),
		Headers: map[string][]string{"Content-Type": {"application/json"}},
	}
	// The answer may come in parts, of which the first alone has a status.
	err := h.CallResource(ctx, request, backend.CallResourceResponseSenderFunc(func(part *backend.CallResourceResponse) error {
		if part.Status != 0 {
			status = part.Status
		}
		body = append(body, part.Body...)
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return map[string]any{"status": status, "body": string(body)}, nil
}

// The queries of a panel.
func query(ctx context.Context, h handlers, plugin backend.PluginContext, c command) (any, error) {
	request := &backend.QueryDataRequest{PluginContext: plugin}
	for _, raw := range c.Queries {
		var q struct {
			RefID         string `json:"refId"`
			QueryType     string `json:"queryType"`
			IntervalMs    int64  `json:"intervalMs"`
			MaxDataPoints int64  `json:"maxDataPoints"`
		}
		if err := json.Unmarshal(raw, &q); err != nil {
			return nil, err
		}
		request.Queries = append(request.Queries, backend.DataQuery{
			RefID: q.RefID, QueryType: q.QueryType, JSON: raw,
			Interval: time.Duration(q.IntervalMs) * time.Millisecond, MaxDataPoints: q.MaxDataPoints,
			TimeRange: backend.TimeRange{From: time.UnixMilli(c.From), To: time.UnixMilli(c.To)},
		})
	}
	response, err := h.QueryData(ctx, request)
	if err != nil {
		return nil, err
	}
	answers := map[string]any{}
	for ref, r := range response.Responses {
		answer := map[string]any{"status": int(r.Status)}
		if r.Error != nil {
			answer["error"] = r.Error.Error()
		}
		frames := []any{}
		for _, frame := range r.Frames {
			frames = append(frames, shownFrame(frame))
		}
		answer["frames"] = frames
		answers[ref] = answer
	}
	return answers, nil
}

func shownFrame(frame *data.Frame) map[string]any {
	fields := []field{}
	for _, column := range frame.Fields {
		shown := field{Name: column.Name, Labels: column.Labels, Type: column.Type().ItemTypeString(), Rows: column.Len()}
		if column.Len() > 0 {
			shown.First = shownValue(column, 0)
			shown.Last = shownValue(column, column.Len()-1)
		}
		fields = append(fields, shown)
	}
	result := map[string]any{"name": frame.Name, "fields": fields}
	if frame.Meta != nil {
		result["type"] = frame.Meta.Type
		if len(frame.Meta.Notices) > 0 {
			result["notices"] = frame.Meta.Notices
		}
	}
	return result
}

// Numbers are texts, since JSON has no NaN.
func shownValue(column *data.Field, i int) any {
	value, ok := column.ConcreteAt(i)
	if !ok {
		return nil
	}
	if number, isFloat := value.(float64); isFloat {
		return fmt.Sprint(number)
	}
	return value
}
