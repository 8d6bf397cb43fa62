# A folder that was not written by a run of ours is refused, and nothing in it is touched.
mkdir -p mine/warehouse/sales/orders mine/expected
echo precious > mine/warehouse/sales/orders/part-0.parquet
echo golden > mine/expected/golden.csv
tank run s.yaml --quiet --export mine
[ "$code" != 0 ] || wrong "it exits with 0"
grep -qs precious mine/warehouse/sales/orders/part-0.parquet || wrong "a file is gone"
grep -qs golden mine/expected/golden.csv || wrong "a file is gone"
