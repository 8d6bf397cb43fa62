# The least nanosecond timestamp is rounded down or refused; it never traps.
lake nano2.yaml
exits 0
row '^ +1\|1677-09-21 00:12:43.145224'
