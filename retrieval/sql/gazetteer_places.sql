-- Towns by their compared names (a list parted by |), the largest first.
SELECT named.norm, named.name AS called, id, places.name AS name, lon, lat, country, population, source
FROM (SELECT place_id, name, norm FROM place_names WHERE norm IN (SELECT unnest(string_split($norms, '|')))) AS named
JOIN places ON id = place_id
ORDER BY population DESC, id
