# What `before` does not send is not known, and never null.
lake rindex.yaml
row '^ +1\|B\|very long body\|2'
row '^ +1\|B\|new body\|2'
row '^ +0\|Z\|row zero\|0'
lake rfull.yaml
exits 0
row '^ +1\|B\|very long body\|2'
