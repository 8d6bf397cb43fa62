# Results of other settings are told apart, and do not accuse the tank.
tank hunt q.yaml --seeds 1..2 --output a.jsonl
tank hunt q.yaml --seeds 1..2 --seconds 5 --output b.jsonl
tank merge a.jsonl b.jsonl
exits 3
saysNot "not deterministic"
