SELECT time_unix_nano, service_name, severity_text, body, log_attributes->>'order.items' AS items
FROM otlp_logs;
