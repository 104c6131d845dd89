-- Pixel years a model has no vector of yet.
SELECT location, year, bands, first_month FROM pixels
WHERE NOT EXISTS (
    SELECT 1 FROM embeddings
    WHERE embeddings.location = pixels.location AND embeddings.year = pixels.year AND model = $model)
QUALIFY row_number() OVER (PARTITION BY location, year ORDER BY source) = 1
LIMIT $limit
