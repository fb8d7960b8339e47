-- PostgreSQL's address and password are in PGHOST, PGUSER, PGDATABASE and PGPASSWORD, the keys of S3 in AWS_ACCESS_KEY_ID and
-- AWS_SECRET_ACCESS_KEY.
CREATE SECRET (TYPE s3, PROVIDER credential_chain, CHAIN 'env', REGION 'local', ENDPOINT 'storage:8333', URL_STYLE 'path', USE_SSL false);
ATTACH 'ducklake:postgres:' AS lake (DATA_PATH 's3://telemetry/lake/');
