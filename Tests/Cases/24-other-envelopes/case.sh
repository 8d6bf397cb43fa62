# Envelopes are unwrapped, and what cannot be read is called by its name.
for name in kcat strpair cloudev pretty array tab; do
    lake $name.yaml
    exits 0
    row '^ +1'
done
lake flat.yaml
exits 0
row '^ +1\|x'
tank run mongo.yaml --quiet
exits 3
says "MongoDB"
