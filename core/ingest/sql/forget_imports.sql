-- Take one import out of the table imports.
delete from imports
where import_id = $import_id
