# Two workloads with one table are found by `check`.
tank check two.yaml
exits 3
says "two workloads .*table named 'access_log'"
tank run two.yaml --quiet
exits 3
# Orders of other databases are other tables than the shop's own.
tank run shop.yaml --quiet
exits 0
# The way out that the message names.
sed 's/vhost.log, format: combinedLog/&, logFormat: vhost_combined, table: vhost_log/' \
    two.yaml > mended.yaml
tank check mended.yaml
exits 0
