# Devices and links are written through, not replaced.
mknod node c 1 7 2> no-node || skip "no right to make a device"
ln -s target link
for file in node link; do tank hunt q.yaml --seeds 1..2 --output $file; done
[ -c node ] || wrong "the device is a file now"
[ -L link ] || wrong "the link is a file now"
