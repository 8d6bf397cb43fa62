# The line to run again can be pasted.
tank run "my scen's & x.yaml" --quiet
line=$(sed -n 's/^ *again: *ci.wavetank //p' log)
eval "set -- $line" || wrong "its line cannot be pasted: $line"
[ "${2:-}" = "my scen's & x.yaml" ] || wrong "its line names '${2:-}'"
