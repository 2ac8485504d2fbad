-- Whether a new contact is associated with the company whose domain its e-mail has.
ALTER TABLE portal ADD COLUMN associate_by_domain INTEGER NOT NULL DEFAULT 1;
