# Folders of odd names are readable, or it is said that some readers cannot read them.
for name in "a b ümläut 日本" "50% & it's"; do
    tank run s.yaml --quiet --export "$name"
    exits 0
done
for name in "h#1" "q?x"; do
    tank run s.yaml --quiet --export "$name"
    [ "$code" != 0 ] || says "[#?]"
done
