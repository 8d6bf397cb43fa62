# Output that cannot be written is an error.
mknod full c 1 7 2> no-node || skip "no right to make a device"
for arguments in "run q.yaml --json --quiet" "hunt q.yaml --seeds 1..2 --json" "schema"; do
    command="wavetank $arguments > full"
    timeout 60 "$WAVETANK" $arguments > full 2> log
    code=$?
    exits 3
done
