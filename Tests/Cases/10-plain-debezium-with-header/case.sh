# Under a header Debezium's own encodings are read.
lake hdr.yaml
exits 0
row '^ +1\|2022-01-08'
row '^ +2\|NULL\|2023-11-14 22:13:20'
row '^ +3\|NULL\|NULL\|-26588.24'
row '^ +5\|NULL\|NULL\|12.50\|'
