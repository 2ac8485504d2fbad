-- How many bytes of the file `head` is the digest of: a file that was shorter than that when it was imported may have grown.
ALTER TABLE import ADD COLUMN head_bytes INTEGER NOT NULL DEFAULT 65536;
