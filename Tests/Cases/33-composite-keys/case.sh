# A key has the order of its schema, and rows are deleted by all of it.
lake multikey.yaml
exits 0
row '^ +\|r\|3'
row '^ +12\|q\|0'
row '^ +9\|p\|2'
