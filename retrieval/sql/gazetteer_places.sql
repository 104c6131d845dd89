-- Towns by their compared names, the largest first.
SELECT norm, place_names.name AS called, id, places.name AS name, lon, lat, country, population, source
FROM place_names JOIN places ON id = place_id
WHERE norm IN (SELECT unnest($norms))
ORDER BY population DESC, id
