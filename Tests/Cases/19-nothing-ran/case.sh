# A hunt or a merge of no seeds is not clean.
: > empty.jsonl
tank merge empty.jsonl
[ "$code" != 0 ] || wrong "it exits with 0"
tank hunt q.yaml --for 1ms
[ "$code" != 0 ] || ! grep -q '^0 of 0\|^no seed' log || wrong "it exits with 0"
