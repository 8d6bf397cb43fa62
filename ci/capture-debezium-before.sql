-- Rows that are there before the connector comes: its snapshot reads them.
INSERT INTO customers VALUES
    (1, 'Anna "Änne" O''Hara', 'anna@shop.example', md5('1')::uuid, '{"theme": "dark"}', true,
        '1950-01-31', '2024-03-31 01:00:00.000001+00'),
    (2, E'back\\slash\ttab\nline', NULL, md5('2')::uuid, NULL, false, NULL,
        '1969-12-31 23:59:59.999999+00');
INSERT INTO products VALUES
    ('SKU-1', 'a lamp', 12.50, 0.000000000001, 4.5, 1e100, '{"warm","small"}', '\x00ff10',
        '2024-10-27 02:30:00.000001'),
    ('SKU-2', '小林 🛒', -99999999.99, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO inventory VALUES (1, 'SKU-1', 100), (1, 'SKU-2', 0);
