-- Every region without its outline; the gazetteer keeps them in memory.
SELECT id, name, level, country, parent, source, vintage, licence, area_km2, west, south, east, north, same_as
FROM regions
ORDER BY id
