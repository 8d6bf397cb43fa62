# Heartbeats, marks of transactions, messages and tombstones are no refused lines.
lake extras.yaml
exits 0
saysNot "note: extras.ndjson:[0-9]+"
lake dups.yaml
exits 0
row '^ +1\|v2'
lake names.yaml
exits 0
row 'p1\|s\|x\|paid\|k\|v'
row 'p1\|s\|k\|v$'
