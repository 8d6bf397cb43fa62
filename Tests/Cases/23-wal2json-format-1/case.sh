# Format 1 is read, as is what psql prints; without types it is said what is missing.
lake v1.yaml
exits 0
row '^ +1\|b$'
lake chunks.yaml
exits 0
row '^ +1\|a$'
row '^ +2\|b$'
lake psql.yaml
exits 0
row '^ +1$'
tank run notypes.yaml --quiet
exits 3
says "include-types"
