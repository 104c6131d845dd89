-- The land covers of which any figure is published.
SELECT DISTINCT land_cover FROM published_cells ORDER BY land_cover
