# JUnit is well-formed whatever the scenario is called, and whether or not it could be run.
file=$(printf 'c\001\033[31m & <x>.yaml')
for change in 's/^$//' 's/format: combinedLog/format: nosuch/'; do
    sed "$change" one.yaml > "$file"
    tank hunt "$file" --seeds 1..2 --junit j.xml
    [ -e j.xml ] || wrong "no j.xml"
    python3 -c "import xml.dom.minidom as m; m.parse('j.xml')" 2> error || wrong "$(tail -1 error)"
    ! grep -q "$(printf '\033')" log || wrong "a name speaks to the terminal"
done
grep -q '<error type="refused"' j.xml || wrong "j.xml does not say that nothing was run"
