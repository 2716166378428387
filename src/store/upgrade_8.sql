-- From version 7 to 8.

-- API addresses: which one an attempt went to, and which spare one an account uses.
ALTER TABLE account ADD COLUMN spare_base TEXT;
ALTER TABLE attempt ADD COLUMN api_base TEXT;
