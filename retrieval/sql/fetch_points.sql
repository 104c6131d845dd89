-- Survey points that pixels or photos are wanted for, in one region ('' for everywhere), visited in one year (0 for any).
SELECT DISTINCT p.point_id, p.x, p.y, p.lon, p.lat
FROM points p
WHERE ($region = '' OR p.point_id IN (SELECT point_id FROM point_regions WHERE region_id = $region))
  AND ($year = 0 OR p.point_id IN (SELECT point_id FROM records WHERE year = $year))
ORDER BY p.point_id
