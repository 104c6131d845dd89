-- Pixel years inside a box of degrees, each location's latest year or one year asked for.
SELECT location, lon, lat, bands, coalesce(month(first_month), 1) AS first_month FROM pixels
WHERE lon BETWEEN $west AND $east AND lat BETWEEN $south AND $north AND ($year IS NULL OR year = $year)
  AND bands IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY location ORDER BY year DESC, source) = 1
