-- Take the steps of one import out of the journal.
delete from journal
where import_id = $import_id
