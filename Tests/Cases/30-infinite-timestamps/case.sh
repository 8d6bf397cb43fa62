# Infinite timestamps are refused line by line; every other type is right.
lake types.yaml
says "types.ndjson:4: column 'tz' of types holds 'infinity'"
says "types.ndjson:12: column 'tz' of types holds '2024-02-29T24:00:00Z'"
row '^ +1\|123.45\|-0.001\|1234567890123456789012345678901234.5678\|0001-01-01\|9999-12-31'
row '6f1c0000-0000-4000-8000-000000000001'
rowNot '^ +(4|5|6|11|12)\|'
