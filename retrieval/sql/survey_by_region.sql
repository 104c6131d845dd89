-- Records of some classes in each of several regions, beside all records there.
SELECT region_id, year,
    count(*) FILTER (shows(lc1, lu1, $land_cover, $land_use, $exclude)) AS points,
    count(*) AS surveyed,
    count(*) FILTER (how = 'nearest' AND shows(lc1, lu1, $land_cover, $land_use, $exclude)) AS by_coast
FROM point_regions JOIN records USING (point_id)
WHERE region_id IN (SELECT unnest($regions)) AND list_contains($years, year)
  AND coalesce(only_year, year) = year
GROUP BY region_id, year ORDER BY points DESC, region_id, year
