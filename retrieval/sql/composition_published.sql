-- Published shares of one year by region code, with their standard errors and the regions' areas.
SELECT s.code, s.land_cover, s.value, s.se, s.flag, a.area_km2
FROM statistics AS s LEFT JOIN region_areas AS a USING (code)
WHERE s.year = $year AND s.unit = 'PC' AND s.code NOT LIKE 'EU%'
