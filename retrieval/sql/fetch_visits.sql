-- Visits whose photos are wanted, in one region ('' for everywhere) and year, with the addresses their records name.
SELECT r.point_id, r.year, r.nuts0, r.photos, r.lc1
FROM records r
WHERE ($region = '' OR r.point_id IN (SELECT point_id FROM point_regions WHERE region_id = $region))
  AND r.year = $year
ORDER BY r.point_id
