# A name that cannot be used is said for its table only, which can be left out.
lake spacetable.yaml
says "'Order Details' cannot be made"
row '^TABLE cust'
row '^ +1\|A'
sed 's/format: debezium/&, without: Order Details/' spacetable.yaml > without.yaml
tank run without.yaml --quiet
exits 0
saysNot "Order Details"
tank run odd_name.yaml --quiet
exits 3
says "sys.log.* cannot be made.*without"
