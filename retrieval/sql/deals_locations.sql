-- Where some deals lie, as well as it is known; longitude first.
SELECT deal_id, lon, lat, accuracy, name FROM deal_locations
WHERE deal_id IN (SELECT unnest($deals)) ORDER BY deal_id, lon, lat
