# A column of the engine's own name is refused by name, as too large tables are.
for scenario in sys-__offset sys-__bucket syslog-__timestamp; do
    tank run $scenario.yaml --quiet
    exits 3
    says "column '__[a-z]+' is taken by the engine"
done
