-- Take one import out of the table touched.
delete from touched
where import_id = $import_id
