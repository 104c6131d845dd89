-- Pixel years inside an outline (WKB; NULL: everywhere), each location's latest year or one year asked for, with the
-- vector of a model where one is kept. A pixel up to 0.02 degrees (about 2 km) outside a generalised outline counts
-- when no other region of that level holds it.
WITH near AS (
    SELECT * FROM pixels
    WHERE lon BETWEEN $west AND $east AND lat BETWEEN $south AND $north
      AND ($year IS NULL OR year = $year)
), inside AS (
    SELECT * FROM near
    WHERE $outline IS NULL
       OR ST_Covers(ST_GeomFromWKB($outline), ST_Point(lon, lat))
       OR (ST_Distance(ST_GeomFromWKB($outline), ST_Point(lon, lat)) <= 0.02 AND NOT EXISTS (
            SELECT 1 FROM regions
            WHERE level = $level AND geom IS NOT NULL AND ST_Covers(geom, ST_Point(near.lon, near.lat))))
), latest AS (
    SELECT * FROM inside QUALIFY row_number() OVER (PARTITION BY location ORDER BY year DESC, source) = 1
)
SELECT location, lon, lat, latest.year AS year, point_id, lc_label, masked_months, source, vector
FROM latest LEFT JOIN (SELECT * FROM embeddings WHERE model = $model) AS kept USING (location, year)
ORDER BY location
LIMIT $limit
