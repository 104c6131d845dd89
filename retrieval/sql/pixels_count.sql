-- How many locations with pixel years lie inside an outline (WKB; NULL: everywhere).
SELECT count(DISTINCT location) AS pixels FROM pixels
WHERE lon BETWEEN $west AND $east AND lat BETWEEN $south AND $north AND ($year IS NULL OR year = $year)
  AND ($outline IS NULL OR ST_Covers(ST_GeomFromWKB($outline), ST_Point(lon, lat)))
