# Lines that are no JSON are refused with line and column.
lake esc.yaml
says "esc.ndjson:1:123:"
row '^ +2\|sad'
lake nan.yaml
says "nan.ndjson:1:131:"
row '^ +2\|1'
