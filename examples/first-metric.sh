curl -i http://localhost:4318/v1/metrics \
  -H 'authorization: Bearer my-dev-token-123456' \
  -H 'content-type: application/json' \
  -d '{"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]},
        "scopeMetrics": [{"metrics": [{
          "name": "orders.placed", "unit": "{order}",
          "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [
            {"timeUnixNano": "1767225600000000000", "asInt": "3", "attributes": [{"key": "country", "value": {"stringValue": "DE"}}]},
            {"timeUnixNano": "1767225660000000000", "asInt": "9", "attributes": [{"key": "country", "value": {"stringValue": "DE"}}]}
          ]}}]}]}]}'
