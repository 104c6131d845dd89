-- How many locations there are at all.
SELECT count(*) AS locations FROM deal_locations
