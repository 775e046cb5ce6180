-- Take one import out of the table foreign_amounts.
delete from foreign_amounts
where import_id = $import_id
