-- One line of JSON: the tables with their columns, types, nullability and primary keys.
SELECT json_build_object(
    'action', 'S',
    'source', 'PostgreSQL ' || current_setting('server_version') || ', wal2json format 2',
    'tables', json_agg(tables.description ORDER BY tables.description->>'table'))
FROM (
    SELECT json_build_object(
        'schema', n.nspname,
        'table', c.relname,
        'columns', (
            SELECT json_agg(json_build_object(
                'name', a.attname,
                'type', format_type(a.atttypid, a.atttypmod),
                'nullable', NOT a.attnotnull) ORDER BY a.attnum)
            FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'primaryKey', coalesce((
            SELECT json_agg(a.attname ORDER BY k.position)
            FROM pg_index i
            CROSS JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, position)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
            WHERE i.indrelid = c.oid AND i.indisprimary), '[]')
    )::jsonb AS description
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = 'public') AS tables;
