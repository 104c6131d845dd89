-- The reflectances of some pixel years, named by location and year in two lists of equal length.
SELECT location, year, bands, first_month
FROM pixels JOIN (SELECT unnest($locations) AS location, unnest($years) AS year) AS wanted USING (location, year)
QUALIFY row_number() OVER (PARTITION BY location, year ORDER BY source) = 1
