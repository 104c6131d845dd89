-- What is recorded on the ground at some pixel years, as in pixels_labelled, and how they look from above: the median of the
-- year's months in red, green and blue (B4, B3, B2; reflectance x 10 000; NULL where no month was seen).
WITH wanted AS (
    SELECT location, pixels.year AS year, point_id, lc_label,
        list_median(list_filter(bands[3:120:10], lambda v: v BETWEEN 1 AND 20000)) AS red,
        list_median(list_filter(bands[2:120:10], lambda v: v BETWEEN 1 AND 20000)) AS green,
        list_median(list_filter(bands[1:120:10], lambda v: v BETWEEN 1 AND 20000)) AS blue
    FROM pixels JOIN (SELECT unnest($locations) AS location, unnest($years) AS year) USING (location, year)
    QUALIFY row_number() OVER (PARTITION BY location, pixels.year ORDER BY source) = 1
), seen AS (
    SELECT point_id, records.year AS year, lc1 FROM records
    WHERE lc1 IS NOT NULL AND point_id IN (SELECT point_id FROM wanted)
)
SELECT location, wanted.year AS year, coalesce(seen.lc1, lc_label) AS land_cover, red, green, blue
FROM wanted LEFT JOIN seen ON wanted.point_id = seen.point_id AND abs(wanted.year - seen.year) <= 2
QUALIFY row_number() OVER (
    PARTITION BY location, wanted.year ORDER BY abs(wanted.year - coalesce(seen.year, wanted.year)), seen.year) = 1
