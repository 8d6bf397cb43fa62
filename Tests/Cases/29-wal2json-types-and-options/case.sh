# Values are exact; NaN in numeric(p,s) and infinity are refused by name.
lake v2.yaml
says "'ts' of t holds 'infinity'"
row '^ +9223372036854775806\|12345678901234567890.1234567890\|1.50\|.1,234.50\|101'
row '^ +2\|1e\+30\|NULL'
lake numstr.yaml
says "'n' of t holds 'NaN'"
row '^ +3\|1.50\|1e-320'
lake nopk.yaml
says "has no primary key"
row '^ +1$'
lake trunc.yaml
says "has no end: its 1 changes are left out"
row '^ +1$'
rowNot '^ +2$'
lake cut.yaml
says "cut.ndjson:5:36: the text ends within a string"
row '^ +1$'
