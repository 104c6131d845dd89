-- A survey point's pixel years, latest first, or those of a location by its own name.
SELECT location, lon, lat, year, point_id, lc_label, bands, first_month, masked_months, source, source_label
FROM pixels WHERE point_id = $point_id OR location = $location
ORDER BY year DESC, source
