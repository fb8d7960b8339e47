curl -i "${OTLP_URL:-http://localhost:4318}/v1/logs" \
  -H "authorization: Bearer $TOKEN" \
  -H 'content-type: application/json' \
  -d @examples/log.json
