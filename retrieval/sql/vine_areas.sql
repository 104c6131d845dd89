-- The stated area under vines of some region codes, all years.
SELECT code, year, area_ha, flag, dataset
FROM vine_areas
WHERE code IN (SELECT unnest($codes))
ORDER BY code, year
