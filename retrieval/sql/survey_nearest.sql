-- The records of some classes nearest to a position.
SELECT point_id, year, lon, lat, lc1, lu1, obs_date, round(km_between($lon, $lat, lon, lat), 3) AS km
FROM region_visits
WHERE region_id = '' AND list_contains($years, year) AND shows(lc1, lu1, $land_cover, $land_use, $exclude)
ORDER BY km, point_id, year DESC
LIMIT $limit
