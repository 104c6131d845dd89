-- Records, points and land cover codes in the store, a row a survey year and dataset.
SELECT dataset, year, count(*) AS records, count(DISTINCT point_id) AS points, count(DISTINCT lc1) AS land_cover_codes,
    count(DISTINCT nuts0) AS countries
FROM records GROUP BY ALL ORDER BY dataset, year
