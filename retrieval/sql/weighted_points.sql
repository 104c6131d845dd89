-- The visits of one year with their sampling weights. Asked only where a dataset of weights is stamped.
SELECT point_id, nuts0, nuts1, nuts2, nuts3, lc1, lu1, elevation, stratum, weight
FROM records JOIN survey_weights USING (point_id, year)
WHERE year = $year AND nuts0 IS NOT NULL AND lc1 IS NOT NULL
