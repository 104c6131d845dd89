-- The pairs of visits of each point in each region that holds both, along the order of region_visits.
INSERT INTO revisits
SELECT a.region_id, a.point_id, a.lon, a.lat, coalesce(b.elevation, a.elevation), a.year, b.year,
    a.lc1, b.lc1, a.lu1, b.lu1
FROM region_visits AS a JOIN region_visits AS b USING (region_id, point_id)
WHERE a.year < b.year
ORDER BY a.region_id, a.year, b.year, a.point_id
