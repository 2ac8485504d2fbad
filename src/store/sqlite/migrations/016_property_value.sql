-- The names of before, not as IN: of those SQLite would make a table for each value that is written, which took as long
-- as all else of it.
DROP INDEX property_value;
CREATE INDEX property_value ON property (name, lower(value), place)
  WHERE name = 'domain' OR name = 'name' OR name = 'firstname' OR name = 'lastname' OR name = 'dealname'
    OR name = 'subject' OR name = 'phone' OR name = 'company';
