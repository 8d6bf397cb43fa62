# A seed that its time-out stopped is said to be that, and no crash.
tank hunt q.yaml --seeds 1..2 --patience 0 --junit p.xml
saysNot "the worker ended with 9"
[ ! -e p.xml ] || ! grep -q "the worker ended with" p.xml || wrong "p.xml calls it a crash"
