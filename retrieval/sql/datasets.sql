-- What was loaded, in the order of loading.
SELECT id, title, version, licence, attribution, sha256, rows, years, west, south, east, north, synthetic, kind
FROM datasets ORDER BY rowid
