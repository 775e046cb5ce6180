-- Take one import out of the table quarantine.
delete from quarantine
where import_id = $import_id
