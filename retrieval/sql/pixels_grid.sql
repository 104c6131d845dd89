-- How many cells of the survey's 2 km grid inside an outline (WKB) have a pixel: those of survey points, and those whose
-- name in the European 10 m grid stands on it. Of one year, or of any.
SELECT count(DISTINCT coalesce(point_id, cell)) AS cells
FROM (
    SELECT point_id, lon, lat,
        CASE WHEN east % 2000 = 0 AND north % 2000 = 0 THEN east // 1000 * 10000 + north // 1000 END AS cell
    FROM (
        SELECT *, TRY_CAST(regexp_extract(location, '^CRS3035RES10mN(\d+)E(\d+)$', 1) AS BIGINT) AS north,
            TRY_CAST(regexp_extract(location, '^CRS3035RES10mN(\d+)E(\d+)$', 2) AS BIGINT) AS east
        FROM pixels
        WHERE lon BETWEEN $west AND $east AND lat BETWEEN $south AND $north AND ($year IS NULL OR year = $year)))
WHERE ST_Covers(ST_GeomFromWKB($outline), ST_Point(lon, lat))
