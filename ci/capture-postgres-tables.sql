-- The tables of a small shop, with the types and the keys that a reader of changes stumbles over.
CREATE TABLE customers (
    id integer PRIMARY KEY,
    name text NOT NULL,
    email varchar(80),
    code uuid NOT NULL,
    preferences jsonb,
    is_member boolean NOT NULL,
    born date,
    created_at timestamptz NOT NULL
);
CREATE TABLE products (
    sku text PRIMARY KEY,
    description text NOT NULL,
    price numeric(10,2) NOT NULL,
    exact_weight numeric(30,12),
    rating real,
    popularity double precision,
    tags text[],
    picture bytea,
    changed_at timestamp
);
CREATE TABLE inventory (
    warehouse smallint,
    sku text,
    quantity integer NOT NULL,
    PRIMARY KEY (warehouse, sku)
);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer integer NOT NULL,
    status varchar(12) NOT NULL,
    total numeric(12,2) NOT NULL,
    note text,
    placed_at timestamptz NOT NULL
);
CREATE TABLE order_lines (
    order_id bigint,
    line smallint,
    sku text NOT NULL,
    quantity integer NOT NULL,
    price numeric(10,2) NOT NULL,
    PRIMARY KEY (order_id, line)
);
-- No primary key: rows are appended, and the few that are changed later cannot be told apart.
CREATE TABLE visits (
    visitor bigint NOT NULL,
    page text NOT NULL,
    seen_at timestamptz NOT NULL
);
ALTER TABLE visits REPLICA IDENTITY FULL;
-- Old values go into the log as well: the long descriptions are stored out of line, and an update
-- of another column would leave them out.
ALTER TABLE products REPLICA IDENTITY FULL;
