# The source of an event is its identity.
lake twodb.yaml
exits 0
row '^TABLE shop_a_orders'
row '^TABLE shop_b_orders'
row '^ +1\|shop A order'
