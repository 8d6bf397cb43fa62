# Three readers find the rows of union reads in each snapshot of odd values.
patience=120
tank run odd.yaml --quiet --export out
exits 0
if [ -n "$python" ]; then
    "$python" "$here/strangers.py" out > rows 2>&1 || wrong "$(tail -3 rows)"
    grep -q ", 0 differences" rows || wrong "$(tail -1 rows)"
fi
