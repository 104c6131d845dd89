-- What is recorded on the ground at some pixel years, as in pixels_labelled, and how they look from above: the median of the
-- year's months in red, green and blue (B4, B3, B2; reflectance x 10 000; NULL where no month was seen).
SELECT location, pixels.year AS year, coalesce(seen.lc1, lc_label) AS land_cover,
    list_median([bands[10 * m + 3] FOR m IN range(12) IF bands[10 * m + 3] BETWEEN 1 AND 20000]) AS red,
    list_median([bands[10 * m + 2] FOR m IN range(12) IF bands[10 * m + 2] BETWEEN 1 AND 20000]) AS green,
    list_median([bands[10 * m + 1] FOR m IN range(12) IF bands[10 * m + 1] BETWEEN 1 AND 20000]) AS blue
FROM pixels JOIN (SELECT unnest($locations) AS location, unnest($years) AS year) AS wanted USING (location, year)
LEFT JOIN (
    SELECT point_id, records.year AS year, lc1 FROM records WHERE lc1 IS NOT NULL
) AS seen ON pixels.point_id = seen.point_id AND abs(pixels.year - seen.year) <= 2
QUALIFY row_number() OVER (
    PARTITION BY location, pixels.year ORDER BY abs(pixels.year - coalesce(seen.year, pixels.year)), seen.year, source) = 1
