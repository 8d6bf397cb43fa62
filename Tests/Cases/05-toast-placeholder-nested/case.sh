# What stands for a value that was not sent is known at every depth, and never stored.
lake toast.yaml
rowNot '__debezium_unavailable_value|b68a35a7|95, ?95'
row 'long text\|\["alpha","beta"\]\|\["aa"\]\|\{"k":"v"\}\|\[1,2\]\|2'
row 'long text\|\["alpha","beta"\]\|NULL\|NULL\|NULL\|2'
