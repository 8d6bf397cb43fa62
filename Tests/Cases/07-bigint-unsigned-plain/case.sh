# Numbers are exact in every format.
lake unsigned.yaml
exits 0
row '18446744073709551615\|max'
row '18446744073709551614\|max-1'
lake mixnum.yaml
row '1\|9007199254740993'
row '2\|0.5'
lake decnum.yaml
row '1\|12.50'
row '1\|12345678901234567.89'
lake mysql.yaml
row '18446744073709551614\|1901'
rowNot '18446744073709551615'
