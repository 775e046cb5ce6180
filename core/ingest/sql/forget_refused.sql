-- What was refused of this very file when it was read before: it is read again.
delete from quarantine
using imports
where imports.import_id = quarantine.import_id and imports.file = quarantine.file and imports.table_name = quarantine.table_name
    and imports.sha256 = $sha256 and imports.file = $file and imports.table_name = $table_name
