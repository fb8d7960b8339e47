curl -i http://localhost:4318/v1/logs \
  -H 'authorization: Bearer my-dev-token-123456' \
  -H 'content-type: application/json' \
  -d '{"resourceLogs": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "checkout"}}]},
        "scopeLogs": [{"logRecords": [{
          "timeUnixNano": "1767225600000000000", "severityText": "INFO", "body": {"stringValue": "order placed"},
          "attributes": [{"key": "order.items", "value": {"intValue": "3"}}]}]}]}]}'
