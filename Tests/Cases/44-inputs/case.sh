# What is no file of ours is refused by what it is, in a line that names it.
: > empty
mkdir folder
printf '\xff\xfet\0i\0' > wide
head -c 500 /bin/ls > binary
printf '{"a":' > cut
python3 -c "print('[' * 200000)" > deep
echo '{}' > other
for file in empty wide binary cut deep other folder nosuch folder/nosuch ''; do
    for verb in run check replay shrink explain trace report merge; do
        tank $verb "$file"
        # What was cut off before the first line ended is no seed.
        [ "$code" = 3 ] || { [ $verb = merge ] && [ "$code" = 2 ]; } || exits 3
    done
    tank hunt "$file" --seeds 1..1
    exits 3
done
for ending in json jsonl tsv yaml; do
    for file in empty wide binary cut deep other; do
        cp $file $file.$ending
        tank report $file.$ending
        exits 3
    done
done
tank run wide
says "UTF-16"
tank run folder
says "is a folder"
tank run nosuch
says "no such file"
# One who waits for a pipe can be stopped at once.
mkfifo pipe
command="wavetank run pipe"
timeout -k 5 2 "$WAVETANK" run pipe > log 2>&1
code=$?
exits 124
# Yet a pipe is read as any file.
command="wavetank run <(...)"
"$WAVETANK" run <(cat q.yaml) --quiet > log 2>&1
code=$?
exits 0
# What has no end is left after a while.
patience=20
tank merge /dev/zero
exits 3
# Ends of lines and marks of byte orders of other systems are of no account.
(printf '\xef\xbb\xbf'; sed 's/$/\r/' q.yaml) > dos.yaml
tank run dos.yaml --quiet
exits 0
