-- Every visit to one point.
SELECT point_id, year, lon, lat, lc1, lc2, lu1, lu2, obs_type, obs_date, elevation, nuts0, nuts1, nuts2, nuts3, photos,
    records.dataset
FROM records JOIN points USING (point_id)
WHERE point_id = $point_id ORDER BY year
