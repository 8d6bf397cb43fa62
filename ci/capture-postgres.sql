-- What happens in the shop: the same statements each time, for their choices hang on counters.
-- TRUNCATE is left out on purpose: it names no rows, so no keyed stream can carry it.

INSERT INTO customers
SELECT n, 'Customer ' || n, CASE WHEN n % 7 > 0 THEN 'c' || n || '@shop.example' END,
    md5('customer' || n)::uuid,
    CASE WHEN n % 3 > 0 THEN jsonb_build_object('newsletter', n % 2 = 0, 'theme', 'dark') END,
    n % 5 = 0, CASE WHEN n % 4 > 0 THEN date '1950-01-31' + n * 37 END,
    timestamptz '2024-03-30 22:00:00+00' + n * interval '97 seconds 123 microseconds'
FROM generate_series(1, 400) n;

-- Text that has to be escaped somewhere: quotes, a backslash, line ends, several scripts, one
-- character beyond the basic plane, one of two code points, the empty string.
BEGIN;
UPDATE customers SET name = 'Anna "Änne" O''Hara' WHERE id = 1;
UPDATE customers SET name = E'back\\slash\ttab\nline' WHERE id = 2;
UPDATE customers SET name = '小林 さくら' WHERE id = 3;
UPDATE customers SET name = 'Ζωή 🛒 naïve' WHERE id = 4;
UPDATE customers SET name = E'e\u0301 combined', email = '' WHERE id = 5;
UPDATE customers SET preferences = '{"quote": "\"", "deep": {"list": [1, null, 2.50]}}'
    WHERE id = 6;
COMMIT;

INSERT INTO products
SELECT 'SKU-' || n, 'Product ' || n || CASE WHEN n % 2 = 0 THEN ', in blue' ELSE '' END,
    (n * 7919 % 99999) / 100.0,
    CASE WHEN n % 3 > 0 THEN n * 1234567.000000000089 END,
    CASE WHEN n % 4 > 0 THEN n / 7.0 END, CASE WHEN n % 5 > 0 THEN exp(n / 10.0) END,
    CASE WHEN n % 6 > 0 THEN ARRAY['tag' || n % 4, 'a "quoted", tag'] END,
    CASE WHEN n % 8 = 0 THEN decode(md5('picture' || n), 'hex') END,
    timestamp '2024-10-27 02:30:00.000001' + n * interval '1 hour'
FROM generate_series(1, 120) n;
INSERT INTO inventory
SELECT w, 'SKU-' || n, 100 FROM generate_series(1, 2) w, generate_series(1, 120) n;

-- Two descriptions that are too long to stand in the row, and an update beside them.
UPDATE products SET description = (
    SELECT string_agg(md5(sku || n), '') FROM generate_series(1, 80) n)
WHERE sku IN ('SKU-11', 'SKU-12');
UPDATE products SET price = price + 1 WHERE sku IN ('SKU-11', 'SKU-12');

-- Extremes of the types.
BEGIN;
INSERT INTO products VALUES
    ('SKU-MIN', '', -99999999.99, -0.000000000001, '-3.4028235e38', 5e-324, '{}', '',
        '0001-01-01 00:00:00'),
    ('SKU-MAX', 'highest', 99999999.99, 999999999999999999.999999999999, '3.4028235e38',
        1.7976931348623157e308, '{NULL}', '\xff00', '9999-12-31 23:59:59.999999');
INSERT INTO orders VALUES
    (-9223372036854775808, 1, 'odd', 0.00, NULL, '1969-12-31 23:59:59.999999+00'),
    (9223372036854775807, 2, 'odd', 9999999999.99, NULL, '2262-04-11 23:47:16.854775+00');
COMMIT;

-- Orders in transactions of their own, popular products first; paid, shipped, cancelled later.
CREATE PROCEDURE trade(first integer, last integer) LANGUAGE plpgsql AS $$
DECLARE
    n integer;
    l integer;
    product text;
    sum numeric;
BEGIN
    FOR n IN first..last LOOP
        sum := 0;
        INSERT INTO orders VALUES (n, 10 + n * n % 390, 'placed', 0,
            CASE WHEN n % 9 = 0 THEN 'leave at the "back" door' END,
            timestamptz '2024-12-01 08:00:00+00' + n * interval '13 seconds 7 milliseconds');
        FOR l IN 1..1 + n % 3 LOOP
            product := 'SKU-' || 1 + (n * l * 7919) % (CASE WHEN n % 5 > 0 THEN 24 ELSE 120 END);
            INSERT INTO order_lines VALUES (n, l, product, 1 + n % 4, 3.50 + n % 90);
            UPDATE inventory SET quantity = quantity - 1 - n % 4
                WHERE warehouse = 1 + n % 2 AND sku = product;
            sum := sum + (1 + n % 4) * (3.50 + n % 90);
        END LOOP;
        UPDATE orders SET total = sum WHERE id = n;
        COMMIT;
        INSERT INTO visits VALUES (n * 31 % 977, '/product/' || product,
            timestamptz '2024-12-01 08:00:00+00' + n * interval '12 seconds');
        IF n > 20 THEN
            UPDATE orders SET status = CASE WHEN n % 11 = 0 THEN 'cancelled' ELSE 'paid' END
                WHERE id = n - 20;
        END IF;
        IF n > 60 AND n % 2 = 0 THEN
            UPDATE orders SET status = 'shipped' WHERE id = n - 60 AND status = 'paid';
        END IF;
        IF n % 37 = 0 THEN
            ROLLBACK;
        END IF;
        IF n > 300 AND n % 3 = 0 THEN
            DELETE FROM order_lines WHERE order_id = n - 300;
            DELETE FROM orders WHERE id = n - 300;
        END IF;
        COMMIT;
        -- A shop takes its time, and other clients commit meanwhile.
        PERFORM pg_sleep(0.008);
    END LOOP;
END $$;
CALL trade(1, 1500);

-- Primary keys that change: alone, as a part, many at once, and by exchange within a transaction.
UPDATE customers SET id = 1000 + id WHERE id BETWEEN 20 AND 24;
UPDATE products SET sku = 'OLD-' || sku WHERE sku IN ('SKU-7', 'SKU-8');
UPDATE inventory SET warehouse = 3 WHERE warehouse = 2 AND sku LIKE 'SKU-1_';
BEGIN;
UPDATE customers SET id = 9000 WHERE id = 30;
UPDATE customers SET id = 30 WHERE id = 31;
UPDATE customers SET id = 31 WHERE id = 9000;
COMMIT;

-- One key in one transaction: gone and there again, there and gone, changed twice.
BEGIN;
DELETE FROM customers WHERE id = 40;
INSERT INTO customers VALUES (40, 'Again', NULL, md5('again')::uuid, NULL, true, NULL,
    '2024-12-24 18:00:00+00');
INSERT INTO customers VALUES (5000, 'Brief', NULL, md5('brief')::uuid, NULL, false, NULL,
    '2024-12-24 18:00:01+00');
DELETE FROM customers WHERE id = 5000;
UPDATE customers SET name = 'First' WHERE id = 41;
UPDATE customers SET name = 'Second' WHERE id = 41;
COMMIT;

-- Savepoints: what is rolled back to one must not be seen.
BEGIN;
UPDATE customers SET name = 'Kept' WHERE id = 50;
SAVEPOINT here;
UPDATE customers SET name = 'Never' WHERE id = 51;
ROLLBACK TO here;
UPDATE customers SET name = 'Kept as well' WHERE id = 52;
COMMIT;

-- One transaction of many rows, and one that deletes many.
UPDATE inventory SET quantity = quantity + 500;
DELETE FROM order_lines WHERE order_id BETWEEN 1250 AND 1300;

-- A message of an application is in the stream as well, and is no change.
SELECT count(pg_logical_emit_message(true, 'shop', 'stocktaking is over'));

-- Rows without a key that are changed after all: a reader has to refuse these.
UPDATE visits SET page = '/gone' WHERE visitor = 31;
DELETE FROM visits WHERE visitor = 62;
