-- How many rows of this very file were fit for this table when it was imported before, under any mapping?
select max(rows_read - rows_quarantined - coalesce(rows_set_aside, 0)) as fit_before
from imports
where file = $file and sha256 = $sha256 and table_name = $table_name
