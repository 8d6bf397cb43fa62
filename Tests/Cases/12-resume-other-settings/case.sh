# --resume knows with which settings a line was made.
tank hunt q.yaml --seeds 1..3 --output a.jsonl
exits 0
for settings in "--seconds 5" "--schedule random"; do
    cp a.jsonl b.jsonl
    tank hunt q.yaml --seeds 1..3 $settings --output b.jsonl --resume
    if [ "$code" = 0 ] && cmp -s a.jsonl b.jsonl; then wrong "nothing was run, and it is fine"; fi
done
sed 's/rate: 20/rate: 30/' q.yaml > edited.yaml && cp edited.yaml q.yaml
cp a.jsonl b.jsonl
tank hunt q.yaml --seeds 1..3 --output b.jsonl --resume
if [ "$code" = 0 ] && cmp -s a.jsonl b.jsonl; then wrong "an edited scenario was not run"; fi
