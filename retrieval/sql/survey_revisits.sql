-- Points of an area visited in both of two years, where some classes stood in at least one of them.
WITH visits AS (
    SELECT point_id, lon, lat, year, lc1, lu1, shows(lc1, lu1, $land_cover, $land_use, $exclude) AS shown
    FROM visits_in($regions, $west, $south, $east, $north, $outline, $lon, $lat, $km)
    WHERE year IN ($year_from, $year_to)
)
SELECT point_id, earlier.lon, earlier.lat, earlier.lc1 AS lc1_from, later.lc1 AS lc1_to,
    earlier.lu1 AS lu1_from, later.lu1 AS lu1_to,
    CASE WHEN earlier.shown AND later.shown THEN 'stayed' WHEN earlier.shown THEN 'lost' ELSE 'gained' END AS change
FROM visits earlier JOIN visits later USING (point_id)
WHERE earlier.year = $year_from AND later.year = $year_to AND (earlier.shown OR later.shown)
ORDER BY change, point_id
