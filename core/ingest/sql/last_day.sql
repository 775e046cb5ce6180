-- The last day that earlier imports gave a table.
select max(last_day) as last_day
from imports
where table_name = $table_name
