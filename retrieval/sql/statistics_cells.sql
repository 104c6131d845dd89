-- Every published figure of some classes under some region codes, all years, with the region's total area.
SELECT s.code, s.land_cover, s.year, s.unit, s.value, s.flag, s.cv, s.se, a.area_km2
FROM statistics AS s
LEFT JOIN region_areas AS a USING (code)
WHERE s.land_cover IN (SELECT unnest($land_cover)) AND s.code IN (SELECT unnest($codes))
ORDER BY s.code, s.land_cover, s.year, s.unit
