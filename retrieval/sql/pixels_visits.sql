-- What surveyors saw at the points of some pixels, all their visits.
SELECT point_id, year, lc1, lu1 FROM records WHERE list_contains($points, point_id) ORDER BY point_id, year
