-- What the connector sees happen, in transactions of one row and of many.
INSERT INTO customers VALUES (3, 'Ζωή', 'zoe@shop.example', md5('3')::uuid, '[1, null]', true,
    '2000-02-29', '2024-12-24 18:00:00+00');
UPDATE customers SET name = 'Anna' WHERE id = 1;
UPDATE customers SET id = 20 WHERE id = 2;
BEGIN;
DELETE FROM customers WHERE id = 3;
INSERT INTO customers VALUES (3, 'Again', NULL, md5('3')::uuid, NULL, false, NULL,
    '2024-12-24 18:00:01+00');
COMMIT;
UPDATE products SET price = price + 0.01, tags = '{}' WHERE sku = 'SKU-1';
UPDATE products SET sku = 'SKU-9' WHERE sku = 'SKU-2';
DELETE FROM inventory WHERE sku = 'SKU-2';
DO $$
BEGIN
    FOR n IN 1..60 LOOP
        INSERT INTO orders VALUES (n, 1 + n % 3, 'placed', n * 1234567.89,
            CASE WHEN n % 4 = 0 THEN 'a "note"' END,
            timestamptz '2024-12-01 08:00:00+00' + n * interval '1 minute 7 milliseconds');
        INSERT INTO order_lines SELECT n, l, 'SKU-' || l, n, 3.50 + n
            FROM generate_series(1, 1 + n % 3) l;
        UPDATE inventory SET quantity = quantity - 1 WHERE sku = 'SKU-1';
        COMMIT;
        IF n > 10 THEN
            UPDATE orders SET status = 'paid' WHERE id = n - 10;
            COMMIT;
        END IF;
        IF n > 40 THEN
            DELETE FROM order_lines WHERE order_id = n - 40;
            DELETE FROM orders WHERE id = n - 40;
            COMMIT;
        END IF;
        INSERT INTO visits VALUES (n, '/product/' || n, timestamptz '2024-12-01 08:00:00+00');
        COMMIT;
    END LOOP;
END $$;
UPDATE visits SET page = '/gone' WHERE visitor = 31;
DELETE FROM visits WHERE visitor = 32;
TRUNCATE inventory;
INSERT INTO visits VALUES (0, 'the end', '2024-12-31 00:00:00+00');
