# Devices and links are written through, not replaced, also such as lead nowhere yet.
ln -s target link
ln -s /proc/self/fd/1 standard
for file in link standard /dev/stdout; do
    tank hunt q.yaml --seeds 1..2 --output $file
    exits 0
    if [ "$file" != link ]; then
        says '^2 of 2 seeds'
        says '^\{"wavetankReport"|"seed":2'
    fi
done
[ -L link ] && [ -L standard ] || wrong "a link is a file now"
[ -s target ] || wrong "nothing is where the link leads"
mknod node c 1 7 2> no-node || skip "no right to make a device"
tank hunt q.yaml --seeds 1..2 --output node
[ -c node ] || wrong "the device is a file now"
