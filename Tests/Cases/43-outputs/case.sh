# What is to be written is tried before the work, and nobody's files are harmed.
cp q.yaml mine.yaml
for option in "--output mine.yaml" "--junit mine.yaml" "--markdown mine.yaml" "--output ''" \
    "--output ." "--junit nofolder/j.xml" "--output x --junit ./x" "--markdown x --junit x"; do
    eval "tank hunt q.yaml --seeds 1..1 $option"
    exits 3
    saysNot "clean"
done
for option in "--report ''" "--export ''" "--report mine.yaml" "--export mine.yaml" \
    "--report /proc/x" "--export mine.yaml/x"; do
    eval "tank run q.yaml --quiet $option"
    exits 3
    saysNot "PASS"
done
tank explain q.yaml --html mine.yaml
exits 3
tank bench history --html mine.yaml
exits 3
cmp -s q.yaml mine.yaml || wrong "a scenario is another text now"
[ "$(echo *)" = "case.sh log mine.yaml q.yaml" ] || wrong "files were left behind: $(echo *)"
# A reader that has gone is no crash.
command="wavetank schema | head -1"
"$WAVETANK" schema 2> log | head -1 > first
code=${PIPESTATUS[0]}
exits 3
# Nothing is lost in a full disk without a word, and the verdict is still printed.
mkdir small
mount -t tmpfs -o size=16k tmpfs small 2> no-mount || skip "no right to mount"
head -c 30000 /dev/zero > small/filler 2> /dev/null
tank hunt q.yaml --seeds 1..2 --output small/o.jsonl --junit small/j.xml
exits 3
says "2 of 2 seeds are clean"
says "small/j.xml cannot be written: No space"
tank run q.yaml --quiet --report small
exits 3
says "^PASS"
umount small
