# A torn last line is passed over; CRLF and byte order marks are of no account.
tank hunt q.yaml --seeds 1..3 --output a.jsonl
head -c -100 a.jsonl > torn.jsonl
tank merge torn.jsonl
says "2 of 2 seeds"
(head -1 a.jsonl; echo junk; tail -1 a.jsonl) > junk.jsonl
tank merge junk.jsonl
exits 3
says "line 2"
sed 's/$/\r/' a.jsonl > crlf.jsonl
tank merge crlf.jsonl
exits 0
(printf '\xef\xbb\xbf'; cat a.jsonl) > bom.jsonl
tank merge bom.jsonl
exits 0
