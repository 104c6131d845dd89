-- The NUTS 2 region a position lies in.
SELECT id FROM regions
WHERE level IN ('nuts2', 'country') AND geom IS NOT NULL
  AND west <= $lon AND east >= $lon AND south <= $lat AND north >= $lat
  AND ST_Contains(geom, ST_Point($lon, $lat))
ORDER BY level DESC, id
LIMIT 1
