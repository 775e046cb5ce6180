-- What was imported, by which reading, and how much of it was kept?
select import_id, file, sha256, preset, mapping_sha256, table_name, rows_read, rows_kept, currency
from imports
order by import_id nulls last, file nulls last, table_name nulls last, sha256 nulls last
