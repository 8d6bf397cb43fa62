# Scenario files of somebody who begins: what is wrong with them is found before the run.
for name in ev cl f2 fraud p f4 novec; do
    tank check $name.yaml
    exits 3
    says "^$name.yaml:[0-9]+:[0-9]+: "
done
# A run in which nothing was compared, or nothing was done, is no pass.
for name in nocheck nowork nowork2; do
    tank run $name.yaml --quiet
    [ "$code" = 2 ] || [ "$code" = 3 ] || exits 2
done
# One whose lake commits after its end is waited for as long as its interval says.
tank run lakeless.yaml --quiet
exits 0
says "lakeRows +[1-9]"
# A failure can be read, explained and run again.
cp two.yaml "my fail's over.yaml"
tank run "my fail's over.yaml" --quiet
exits 1
says "^FAIL"
line=$(sed -n 's/^ *again: *ci.wavetank //p' log)
eval "set -- $line" || wrong "its line cannot be pasted: $line"
[ "${2:-}" = "my fail's over.yaml" ] || wrong "its line names '${2:-}'"
file=$(echo Reports/runs/*.failure.json)
[ -e "$file" ] || wrong "no failure file"
tank replay "$file" --quiet
exits 1
says "the trace is the one that was saved"
tank explain "$file"
exits 0
says "server-1"
# Where a refusal is what must come, as with two of three servers lost, it is no violation.
patience=120
tank run exp.yaml --quiet
exits 0
sed 's/^faults:/#/; s/^  - { at: 10s, nodeLoss.*//' exp.yaml > served.yaml
tank run served.yaml --quiet
exits 1
says "a refusal was expected"
