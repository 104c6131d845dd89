-- Records by land cover and land use in an area and some years.
SELECT year, lc1, lu1, count(*) AS points
FROM visits_in($regions, $west, $south, $east, $north, $outline, $lon, $lat, $km)
WHERE list_contains($years, year)
GROUP BY ALL ORDER BY points DESC, lc1, lu1
