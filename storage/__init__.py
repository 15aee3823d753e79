"""What is kept: tables, queries, migrations. One contract suite runs on SQLite and PostgreSQL."""
