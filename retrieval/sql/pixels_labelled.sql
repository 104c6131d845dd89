-- Pixel years whose land cover was seen on the ground: by a survey visit in the same year or two before or after, else
-- by the label the pixels came with.
SELECT location, lon, lat, pixels.year AS year, pixels.point_id AS point_id, first_month,
    coalesce(seen.lc1, lc_label) AS land_cover,
    CASE WHEN seen.lc1 IS NOT NULL THEN 'survey' ELSE source END AS witness, bands
FROM pixels LEFT JOIN (
    SELECT point_id, records.year AS year, lc1 FROM records
    WHERE lc1 IS NOT NULL AND point_id IN (SELECT point_id FROM pixels)
) AS seen ON pixels.point_id = seen.point_id AND abs(pixels.year - seen.year) <= 2
WHERE coalesce(seen.lc1, lc_label) IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY location, pixels.year ORDER BY abs(pixels.year - coalesce(seen.year, pixels.year)), seen.year) = 1
ORDER BY location
LIMIT $limit
