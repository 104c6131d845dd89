-- Records of some classes in each of several regions, beside all records there.
SELECT asked.region_id, year,
    count(*) FILTER (shows(lc1, lu1, $land_cover, $land_use, $exclude)) AS points,
    count(*) AS surveyed,
    count(*) FILTER (by_coast AND shows(lc1, lu1, $land_cover, $land_use, $exclude)) AS by_coast
FROM region_visits JOIN parts_of($regions) AS asked ON region_visits.region_id = asked.part
WHERE list_contains($years, year)
GROUP BY asked.region_id, year ORDER BY points DESC, asked.region_id, year
