# How much of a capture was played is said.
for number in $(seq 0 999); do
    printf '{"action":"I","schema":"public","table":"t","timestamp":"%s %02d:00:00+00",' \
        "$(date -u -d "2024-01-01 $((number / 24)) days" +%F)" $((number % 24))
    printf '"columns":[{"name":"id","type":"integer","value":%d}],' "$number"
    printf '"pk":[{"name":"id","type":"integer"}]}\n'
done > k.ndjson
tank run rate.yaml --quiet
says "played (59|60) of 1000 changes"
tank run nopace.yaml --quiet
says "played 1 of 1000 changes.*its own speed"
(
    echo '{"action":"B"}'
    cat k.ndjson
    echo '{"action":"C"}'
) > whole && mv whole k.ndjson
tank run rate.yaml --quiet
exits 2
says "first transaction has 1000 changes .*longer than the run"
