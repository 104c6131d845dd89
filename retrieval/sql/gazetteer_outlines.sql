-- Outlines as well-known binary, EPSG:4326, longitude first.
SELECT id, ST_AsWKB(geom) AS wkb
FROM regions
WHERE geom IS NOT NULL AND list_contains($ids, id)
