-- In which years some classes are published for regions of one level (length of the code), in some countries.
SELECT year, count(*) AS figures, count(DISTINCT code) AS regions
FROM statistics
WHERE length(code) = $length AND code NOT LIKE 'EU%' AND land_cover IN (SELECT unnest($land_cover))
  AND (len($countries) = 0 OR list_contains($countries, code[:2]))
GROUP BY year
ORDER BY year
