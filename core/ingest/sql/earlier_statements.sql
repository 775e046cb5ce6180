-- What did earlier imports understand of files that fill this table, the latest first?
select statement
from statements
where table_name = $table_name and import_id <> $import_id
order by import_id desc nulls last, file nulls last
