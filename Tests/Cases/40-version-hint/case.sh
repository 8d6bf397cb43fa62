# Readers find the newest metadata of a folder.
tank run s.yaml --quiet --export out
hints=$(find out/warehouse -name version-hint.text | wc -l)
[ "$hints" -gt 0 ] || wrong "no version-hint.text"
