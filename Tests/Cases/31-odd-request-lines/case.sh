# Odd requests are right; impossible dates are refused with their column.
lake odd.yaml
for place in 10:70 11:15 12:15 16:13 19:92; do says "odd.log:$place:"; done
row 'HTTP/2.0\|200\|5'
row '192.0.2.2\|.*PRI\|\*\|HTTP/2.0\|400\|0'
