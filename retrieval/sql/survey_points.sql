-- The records of some classes in an area and some years, each at its point.
SELECT point_id, year, lon, lat, lc1, lu1, obs_date, by_coast, dataset
FROM visits_in($regions, $west, $south, $east, $north, $outline, $lon, $lat, $km)
WHERE list_contains($years, year) AND shows(lc1, lu1, $land_cover, $land_use, $exclude)
ORDER BY year DESC, point_id
LIMIT $limit
