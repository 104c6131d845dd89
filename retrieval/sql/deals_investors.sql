-- Every company and person that is an operating company or a top parent company.
SELECT investor_id, name FROM investors WHERE name <> '' ORDER BY investor_id
