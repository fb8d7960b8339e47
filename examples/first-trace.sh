curl -i http://localhost:4318/v1/traces \
  -H 'authorization: Bearer my-dev-token-123456' \
  -H 'content-type: application/json' \
  -d '{"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]},
        "scopeSpans": [{"spans": [{
          "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "POST /orders", "kind": 2,
          "startTimeUnixNano": "1767225600000000000", "endTimeUnixNano": "1767225600250000000",
          "attributes": [{"key": "http.route", "value": {"stringValue": "/orders"}}]}]}]}]}'
