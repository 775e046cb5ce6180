-- Which steps made the warehouse, in their order?
select import_id, part, step, table_name, file, record
from journal
order by import_id nulls last, part nulls last
