# Seeds are numbers of 64 bits; all else is a mistake of usage.
for seed in 0 18446744073709551615; do
    tank run q.yaml --quiet --seed $seed
    exits 0
    says "seed $seed$"
done
for seed in 18446744073709551616 0x10 "" ; do
    tank run q.yaml --quiet --seed "$seed"
    exits 64
done
tank run q.yaml --quiet --seed -1
exits 64
saysNot "Missing value"
