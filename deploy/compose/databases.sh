#!/bin/bash
# Runs once, when PostgreSQL makes its data: one database and two roles a service. The owner migrates; the app reads and writes rows,
# and changes no table. The passwords come from files that only PostgreSQL's user reads.
set -euo pipefail

sql() { psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username postgres "$@"; }

sql --dbname postgres <<'SQL'
revoke connect on database postgres from public;
revoke connect on database template1 from public;
SQL

for service in intake routing deadlines notifications stats; do
  sql --dbname postgres --set owner="${service}_owner" --set app="${service}_app" --set database="wasl_${service}" <<SQL
\set owner_password \`cat /run/wasl/postgres/${service}_owner\`
\set app_password \`cat /run/wasl/postgres/${service}_app\`
create role :owner login password :'owner_password';
create role :app login password :'app_password';
create database :database owner :owner;
\connect :database
revoke all on database :database from public;
grant connect on database :database to :app;
alter schema public owner to :owner;
revoke all on schema public from public;
grant usage on schema public to :app;
alter default privileges for role :owner in schema public grant select, insert, update, delete on tables to :app;
alter default privileges for role :owner in schema public grant usage, select on sequences to :app;
SQL
done
