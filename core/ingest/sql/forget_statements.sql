-- Take one import out of the table statements.
delete from statements
where import_id = $import_id
