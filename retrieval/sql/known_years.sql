-- In which years a region has a published figure of a class, earliest first.
SELECT year FROM published_cells
WHERE region_id = $region AND land_cover = $land_cover AND percent IS NOT NULL
ORDER BY year
