# Text that is no UTF-8 is refused with its place.
lake sur.yaml
says "sur.ndjson:1:80: half of a surrogate pair"
row '😀'
lake lat.yaml
says "lat.ndjson:1:79: a string is not UTF-8"
row '^ +2\|ok'
lake 1.yaml
says "1.ndjson:3:6: the text ends within a string"
saysNot "1.ndjson:4"
