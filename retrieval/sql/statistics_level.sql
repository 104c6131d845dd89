-- Every region code of one level that has figures in one year, in some countries (none given: in all),
-- with its figures of some classes (NULL where it has none) and its total area.
WITH region AS (
    SELECT DISTINCT code
    FROM statistics
    WHERE year = $year AND length(code) = $length AND code NOT LIKE 'EU%'
      AND (len($countries) = 0 OR list_contains($countries, code[:2]))
)
SELECT region.code, s.land_cover, s.year, s.unit, s.value, s.flag, s.cv, s.se, a.area_km2
FROM region
LEFT JOIN statistics AS s
    ON s.code = region.code AND s.year = $year AND list_contains($land_cover, s.land_cover)
LEFT JOIN region_areas AS a ON a.code = region.code
ORDER BY region.code, s.land_cover, s.unit
