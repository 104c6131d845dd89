-- Every name a region goes by.
SELECT region_id, name, norm, language, kind
FROM region_names
ORDER BY norm, region_id
