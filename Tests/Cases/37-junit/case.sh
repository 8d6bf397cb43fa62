# JUnit is well-formed whatever the scenario is called.
file=$(printf 'c\001\033[31m & <x>.yaml')
cp two.yaml "$file"
tank hunt "$file" --seeds 1..2 --junit j.xml
[ -e j.xml ] || wrong "no j.xml"
python3 -c "import xml.dom.minidom as m; m.parse('j.xml')" 2> error || wrong "$(tail -1 error)"
