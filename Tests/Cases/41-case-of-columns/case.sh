# Columns that differ in case only are kept apart.
lake casecol.yaml
exits 0
row '^TABLE'
