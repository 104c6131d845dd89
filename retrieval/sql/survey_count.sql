-- How many records of some classes stand in an area, a row a survey year; beside them all records there.
SELECT year,
    count(*) FILTER (shows(lc1, lu1, $land_cover, $land_use, $exclude)) AS points,
    count(*) AS surveyed,
    count(*) FILTER (by_coast AND shows(lc1, lu1, $land_cover, $land_use, $exclude)) AS by_coast
FROM visits_in($regions, $west, $south, $east, $north, $outline, $lon, $lat, $km)
GROUP BY year ORDER BY year
