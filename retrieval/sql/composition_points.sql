-- The visits of one year with what is needed to calibrate them to the published main classes.
SELECT nuts0, nuts1, nuts2, lc1, lu1, elevation FROM records
WHERE year = $year AND nuts0 IS NOT NULL AND lc1 IS NOT NULL
