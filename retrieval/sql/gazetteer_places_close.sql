-- Towns of 5,000 people or more whose name differs by a letter or two, the nearest name first.
SELECT damerau_levenshtein(norm, $norm) AS distance, place_names.name AS called,
       id, places.name AS name, lon, lat, country, population, source
FROM place_names JOIN places ON id = place_id
WHERE norm[1] = $norm[1] AND abs(length(norm) - length($norm)) <= $most AND population >= 5000
  AND damerau_levenshtein(norm, $norm) <= $most
ORDER BY distance, population DESC
LIMIT 20
